/**
 * The disk under the memory cache: finds there what memory does not have, and writes there what is used repeatedly or memory cannot hold.
 *
 * Knows answers, marks and where they stand, no request. A use is an answer that came from the origin, or from memory as long as it is not on
 * the disk. Invariants: however many ask for one entry at once, the disk is asked once; what was
 * invalidated while it was read or written is neither given to memory nor left on the disk; a head never comes to stand before another body;
 * what is not written leaves nothing older behind that would come after it.
 */
import { diskTierLimits } from "../../sdk/cdn-limits.ts";
import type { HeaderText } from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import type { Clock } from "../clock.ts";
import { BusyKeys } from "./busy-keys.ts";
import { DiskBody } from "./disk-body.ts";
import type { DiskFound, DiskStats, DiskStore } from "./disk/disk-store.ts";
import { hashKey } from "./disk/key-hash.ts";
import type { KeyWords } from "./disk/present-keys.ts";
import { LatestAnswers } from "./latest-answers.ts";
import type { MemoryCache, StoredPlace } from "./memory-cache.ts";
import { compareStanding, isLaterThan, mayReplaceAt, type Standing, type StandingEntry } from "./standing-entry.ts";
import { decodeHead, encodeAnswerHead, encodeVaryHead, type StoredHead } from "./stored-head.ts";
import type { StoredAnswer } from "./stored-answer.ts";
import { UseCounts } from "./use-counts.ts";
import { variantKeyUnder, type VaryMark } from "./vary.ts";

export interface DiskTierOptions {
  readonly store: DiskStore;
  readonly memory: MemoryCache;
  readonly clock: Clock;
  /** Memory is for more than what leads to variants: what is read often goes there. Otherwise what the disk has leaves memory. */
  readonly keepsInMemory: boolean;
  /** A longer body is not written. */
  readonly objectBytesMax: number;
  /** An answer that memory holds is written with its so-manieth use. */
  readonly minUses: number;
  /** Tells the node's other fronts that a key came from the origin. */
  readonly onUse: (key: KeyWords) => void;
}

/** An entry whose body is written while it arrives. */
export interface DiskFill {
  /** Copies the chunk; waits for a slow disk a bounded time. */
  write(chunk: Uint8Array): Promise<void>;
  /** Whether the entry is there now. */
  finish(): Promise<boolean>;
  abort(): Promise<void>;
}

interface Waiting {
  readonly place: StoredPlace;
  /** Nothing older stands there any more, nor is about to be deleted. */
  readonly isFree: Promise<void>;
}

type Found = StoredAnswer | ({ readonly kind: "vary" } & VaryMark);

export class DiskTier {
  readonly #options: DiskTierOptions;
  readonly #reads = new Map<string, Promise<Found | undefined>>();
  /** Variants whose bodies are being written as they arrive. */
  readonly #fills = new Set<string>();
  /** Plain keys of what is being read or written. */
  readonly #busy = new BusyKeys();
  /** Marks that are on the disk already. */
  readonly #knownMarks = new WeakSet<VaryMark>();
  readonly #uses = new UseCounts();
  /** Answers in memory that were not used often enough yet. */
  readonly #waiting = new WeakMap<StoredAnswer, Waiting>();
  /** What was found in the event loop and decoded, as long as the store remembers it. */
  readonly #known = new WeakMap<DiskFound, Found>();
  readonly #latest = new LatestAnswers();
  #arrivingBytes = 0;

  constructor(options: DiskTierOptions) {
    this.#options = options;
  }

  get stats(): DiskStats {
    return this.#options.store.stats;
  }

  /** Whether anything under the key is being read or written. */
  isBusy(key: string): boolean {
    return this.#busy.has(key);
  }

  /** Whether the disk is worth asking, which takes no look at it. */
  mayHave(variantKey: string): boolean {
    return this.#options.store.mayHave(variantKey);
  }

  /** Whether something that was asked for later was written there lately. */
  hasNewer(variantKey: string, requestedAt: number): boolean {
    return this.#latest.hasNewer(variantKey, { requestedAt, now: this.#options.clock.now() });
  }

  /** Another front got this key from the origin. */
  learnUse(key: KeyWords): void {
    this.#uses.note(key);
  }

  /** Another front wrote this key. */
  learnEntry(key: KeyWords): void {
    this.#options.store.learn(key);
  }

  /** The answer to such a request; memory has it from then on if it can. `variantKey`: where memory would have it. Never rejects. */
  async find(
    place: Pick<StoredPlace, "key" | "variantKey">,
    requestHeaders: HeaderText,
  ): Promise<StoredAnswer | undefined> {
    const { key, variantKey } = place;
    const first = await this.#read(key, variantKey);
    if (first?.kind !== "vary") return first;
    if (variantKey !== key) return undefined;
    const secondKey = variantKeyUnder(key, first, requestHeaders);
    const second = this.mayHave(secondKey) ? await this.#read(key, secondKey) : undefined;
    return second?.kind === "answer" ? second : undefined;
  }

  /** The same at once, when the disk can give it so; undefined: ask `find`. */
  findNow(place: Pick<StoredPlace, "key" | "variantKey">, requestHeaders: HeaderText): StoredAnswer | undefined {
    const { key, variantKey } = place;
    const first = this.#readNow(key, variantKey);
    if (first?.kind !== "vary") return first;
    const second = variantKey === key ? this.#readNow(key, variantKeyUnder(key, first, requestHeaders)) : undefined;
    return second?.kind === "answer" ? second : undefined;
  }

  /** What `find` would give, without its body, for somebody who only wants to know: nothing is counted, and memory learns nothing. Never rejects. */
  async peek(
    { key, variantKey }: Pick<StoredPlace, "key" | "variantKey">,
    requestHeaders: HeaderText,
  ): Promise<Omit<StoredAnswer, "body"> | undefined> {
    const { store, memory, clock } = this.#options;
    let found = await store.peek(variantKey);
    let head = found === undefined ? undefined : decodeHead(found.head);
    if (head?.kind === "vary" && variantKey === key) {
      found = await store.peek(variantKeyUnder(key, head, requestHeaders));
      head = found === undefined ? undefined : decodeHead(found.head);
    }
    if (found === undefined || head?.kind !== "answer") return undefined;
    const isUsable = head.requestedAt <= clock.now() && memory.accepts(key, head.requestedAt);
    return isUsable ? { ...head, bodyBytes: found.bodyBytes } : undefined;
  }

  /** Counts a use, and writes a whole answer if there were enough, otherwise with a later use; nothing older stays there. Never rejects. */
  async keep(place: StoredPlace, answer: StoredAnswer): Promise<void> {
    const { body, freshUntil, isAlwaysValidated } = answer;
    const lasts = isAlwaysValidated || freshUntil - this.#options.clock.now() >= diskTierLimits.freshMsMin;
    const isWhole = lasts && body instanceof Uint8Array;
    if (isWhole && this.admits(place)) return this.#write(place, { answer, body });
    const isFree = this.#forgetBefore(place.variantKey, answer.requestedAt);
    if (isWhole) this.#waiting.set(answer, { place, isFree });
    await isFree;
  }

  /** An answer was used from memory: writes it if that was often enough; null otherwise. Never rejects. */
  used(answer: StoredAnswer): Promise<void> | null {
    const waiting = this.#waiting.get(answer);
    if (waiting === undefined || this.#uses.note(hashKey(waiting.place.variantKey)) < this.#options.minUses)
      return null;
    this.#waiting.delete(answer);
    const { body } = answer;
    const { place, isFree } = waiting;
    return body instanceof Uint8Array ? isFree.then(() => this.#write(place, { answer, body })) : null;
  }

  /** Whether what comes from the origin now will be written when it is kept. */
  isWanted(variantKey: string): boolean {
    const { minUses } = this.#options;
    return minUses <= 1 || this.#uses.of(hashKey(variantKey)) + 1 >= minUses;
  }

  /** Counts a use of what came from the origin: whether it is to be written now. */
  admits({ variantKey }: Pick<StoredPlace, "variantKey">): boolean {
    const { minUses, onUse } = this.#options;
    if (minUses <= 1) return true;
    const hash = hashKey(variantKey);
    onUse(hash);
    return this.#uses.note(hash) >= minUses;
  }

  /** Begins an answer whose body arrives; null: it is too long (`bodyBytes`, if that is known), or on its way already. */
  fill(place: StoredPlace, answer: StoredAnswer, bodyBytes: number | undefined): DiskFill | null {
    if ((bodyBytes ?? 0) > this.#options.objectBytesMax || this.#fills.has(place.variantKey)) return null;
    this.#fills.add(place.variantKey);
    const fill = this.#begin(place, answer);
    const done = (): void => void this.#fills.delete(place.variantKey);
    return {
      write: (chunk) => fill.write(chunk),
      finish: () => fill.finish().finally(done),
      abort: () => fill.abort().finally(done),
    };
  }

  /** The same body under a new head, which says how long it is fresh now. Never rejects. */
  async renew(place: StoredPlace, answer: StoredAnswer): Promise<void> {
    const { store, clock, memory } = this.#options;
    const { key, variantKey } = place;
    if (!store.isKnown(variantKey)) return this.keep(place, answer);
    const seen: { standing: Standing } = { standing: "other" };
    const isFor = (before: StandingEntry): boolean => {
      seen.standing = compareStanding(before, answer, clock.now());
      return seen.standing === "renewable";
    };
    const isReplaced = await this.#busy.while(key, () =>
      store.replaceHead(variantKey, encodeAnswerHead(answer), { isFor }),
    );
    if (isReplaced) {
      if (!memory.accepts(key, answer.requestedAt)) await store.delete(variantKey);
      return;
    }
    if (seen.standing !== "newer" && seen.standing !== "settled") await this.keep(place, answer);
  }

  /** Another front learned that the key changed at that time: nothing from before stays, nor any way to it. Never rejects. */
  changed(key: string, at: number): Promise<void> {
    // A way that began later may lead to a variant from before, too.
    return this.#forget(key, (head) => head.kind === "vary" || !isLaterThan(head, at));
  }

  /** Forgets one answer, or by its plain key all that varies under it. Never rejects. */
  delete(key: string): Promise<void> {
    return this.#options.store.delete(key);
  }

  async #write(
    place: StoredPlace,
    { answer, body }: { readonly answer: StoredAnswer; readonly body: Uint8Array },
  ): Promise<void> {
    const { writeBytes } = diskTierLimits;
    const fill = this.#begin(place, answer);
    for (let at = 0; at < body.byteLength; at += writeBytes) await fill.write(body.subarray(at, at + writeBytes));
    const isThere = await fill.finish();
    if (isThere && !this.#options.keepsInMemory) this.#options.memory.remove(place.variantKey, answer);
  }

  #read(key: string, variantKey: string): Promise<Found | undefined> {
    const running = this.#reads.get(variantKey);
    if (running !== undefined) return running;
    const reading = this.#busy
      .while(key, () => this.#load(key, variantKey))
      .finally(() => this.#reads.delete(variantKey));
    this.#reads.set(variantKey, reading);
    return reading;
  }

  async #load(key: string, variantKey: string): Promise<Found | undefined> {
    const found = await this.#options.store.read(variantKey);
    if (found === undefined) return undefined;
    const decoded = decodeHead(found.head);
    // Nobody can use what another version wrote: it would only take up room, and a read of the disk each time.
    if (decoded === undefined) await this.#options.store.delete(variantKey);
    const head = this.#usable(decoded, { key, variantKey });
    if (head === undefined || head.kind === "vary") return head;
    const body = this.#isForMemory(variantKey, found.bodyBytes) ? await this.#bodyOf(found) : new DiskBody(found);
    return body === undefined
      ? undefined
      : this.#take({ key, variantKey }, { ...head, body, bodyBytes: found.bodyBytes });
  }

  #readNow(key: string, variantKey: string): Found | undefined {
    // Who comes while it is read shares what is read.
    if (this.#reads.has(variantKey)) return undefined;
    const { store, memory } = this.#options;
    const found = store.readNow(variantKey);
    if (found === undefined) return undefined;
    const { bodyBytes, isAtHand } = found;
    const known = this.#known.get(found);
    const head = this.#usable(known ?? decodeHead(found.head), { key, variantKey });
    if (head === undefined) return undefined;
    if (head.kind === "vary") {
      if (found.isLasting) this.#known.set(found, head);
      return head;
    }
    // Memory gets a long body through a thread, if it gets it.
    if (!isAtHand && memory.canHold(bodyBytes)) return undefined;
    const whole = this.#isForMemory(variantKey, bodyBytes) ? found.take() : undefined;
    if (whole !== undefined) return this.#take({ key, variantKey }, { ...head, body: whole, bodyBytes });
    const answer = known?.kind === "answer" ? known : { ...head, body: new DiskBody(found), bodyBytes };
    if (found.isLasting) this.#known.set(found, answer);
    return this.#take({ key, variantKey }, answer);
  }

  /** What a head says, as far as it may be used. */
  #usable(
    head: StoredHead | undefined,
    { key, variantKey }: Pick<StoredPlace, "key" | "variantKey">,
  ): StoredHead | undefined {
    const { memory, clock } = this.#options;
    if (head === undefined) return undefined;
    if (head.kind === "vary") {
      // No variant has a mark of its own.
      if (variantKey !== key) return undefined;
      this.#knownMarks.add(head);
      memory.learnMark(key, head);
      return head;
    }
    // A clock that was set back would let it escape the purges since.
    return head.requestedAt > clock.now() ? undefined : head;
  }

  #take({ key, variantKey }: Pick<StoredPlace, "key" | "variantKey">, answer: StoredAnswer): StoredAnswer | undefined {
    const { memory } = this.#options;
    if (!memory.accepts(key, answer.requestedAt)) return undefined;
    memory.adopt(key, variantKey, answer);
    return answer;
  }

  /** Short ones are, and longer ones if nothing has to leave for them or they are used repeatedly: memory that comes and goes is costly. */
  #isForMemory(variantKey: string, bodyBytes: number): boolean {
    const { memory, keepsInMemory } = this.#options;
    if (!keepsInMemory) return false;
    if (bodyBytes < diskTierLimits.shortBytes || memory.hasRoomFor(bodyBytes)) return true;
    return memory.canHold(bodyBytes) && this.#uses.note(hashKey(variantKey)) > 1;
  }

  /** Whole, if memory may hold it. Undefined: it cannot be read. */
  async #bodyOf(found: DiskFound): Promise<StoredAnswer["body"] | undefined> {
    const { bodyBytes } = found;
    const isLarge = bodyBytes > messageLimits.bufferedBodyBytesMax;
    if (isLarge || this.#arrivingBytes + bodyBytes > diskTierLimits.arrivingBytesMax) return new DiskBody(found);
    this.#arrivingBytes += bodyBytes;
    try {
      return await readWhole(found);
    } catch {
      return undefined;
    } finally {
      this.#arrivingBytes -= bodyBytes;
    }
  }

  #begin(place: StoredPlace, answer: StoredAnswer): DiskFill {
    const { store, memory } = this.#options;
    const { key, variantKey, mark } = place;
    const { requestedAt } = answer;
    const writer = store.begin(variantKey, encodeAnswerHead(answer), { mayReplace: mayReplaceAt(requestedAt) });
    const leave = this.#busy.enter(key);
    const isAccepted = (): boolean => memory.accepts(key, requestedAt);
    const finish = async (): Promise<boolean> => {
      // What came later stands on the disk, or will.
      const isLate = memory.hasNewer(variantKey, requestedAt) || this.hasNewer(variantKey, requestedAt);
      if (isLate || !isAccepted()) {
        await writer.abort();
        return false;
      }
      // Without what leads to it nobody would find it.
      if (mark !== null && !(await this.#writeMark(key, { mark, requestedAt }))) await writer.abort();
      if (!(await writer.finish())) {
        await this.#forgetBefore(variantKey, requestedAt);
        return false;
      }
      this.#latest.note(variantKey, requestedAt);
      if (isAccepted()) return true;
      await store.delete(mark === null ? variantKey : key);
      return false;
    };
    return {
      write: (chunk) => writer.write(chunk),
      finish: () => finish().finally(leave),
      abort: () => writer.abort().finally(leave),
    };
  }

  /** What was asked for earlier may be used for longer than the origin allows what it gave since. */
  #forgetBefore(variantKey: string, requestedAt: number): Promise<void> {
    return this.#forget(variantKey, (head) => !isLaterThan(head, requestedAt));
  }

  /** What cannot be read goes, too. */
  async #forget(key: string, isToGo: (head: StoredHead) => boolean): Promise<void> {
    const { store } = this.#options;
    if (!store.isKnown(key)) return;
    const head = decodeHead((await store.peek(key))?.head ?? NOTHING);
    if (head === undefined || isToGo(head)) await store.delete(key);
  }

  /** Whether the way to the variants is there. */
  async #writeMark(
    key: string,
    { mark, requestedAt }: { readonly mark: VaryMark; readonly requestedAt: number },
  ): Promise<boolean> {
    if (this.#knownMarks.has(mark)) return true;
    const mayReplace = mayReplaceAt(requestedAt);
    const isThere = await this.#options.store.begin(key, encodeVaryHead(mark), { mayReplace }).finish();
    if (isThere) this.#knownMarks.add(mark);
    return isThere;
  }
}

const NOTHING: Uint8Array = new Uint8Array();

async function readWhole(found: DiskFound): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of found.body()) chunks.push(chunk);
  const [only] = chunks;
  // Short bodies come in one piece, in memory of their own with their heads.
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
