/**
 * All instances of one function version: who serves the next invocation, when another instance starts, who waits, who is refused.
 *
 * Fills an instance up to its concurrency before it starts the next one, so that few isolates stay warm. Instances of another size than the version's own
 * serve those only who asked for it; all sizes together are bounded, and where a size has no place left, an idle instance of another makes room. Reserved are
 * those of the version's own size that started first, and they serve first. It does not know frames or isolates: instances come from an injected `start`.
 * Invariant: an admitted invocation is running, waiting, or was reported failed.
 */
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { FunctionLimits } from "../../sdk/limits.ts";
import { reservedLimits } from "../../sdk/reserved-limits.ts";

/** What the pool needs of an instance. */
export interface PooledInstance {
  readonly active: number;
  readonly stopped: boolean;
  /** It serves nobody new: it goes when what it runs has ended. */
  readonly isRetired?: boolean;
  readonly size?: InstanceSize;
}

/** MiB; null or absent: the version's own. */
export type InstanceSize = number | null;

/** An invocation as the pool sees it. */
export interface Admission<I extends PooledInstance> {
  readonly id: number;
  readonly size?: InstanceSize;
  /** Called once when an instance has room. */
  readonly run: (instance: I) => void;
  /** Called instead when none will have. */
  readonly refuse: (code: ErrorCode, message: string, stack: string) => void;
}

export interface StartFailure {
  readonly message: string;
  readonly stack: string;
}

/** Those who wait for one size. */
interface Lane<I extends PooledInstance> {
  readonly size: InstanceSize;
  readonly waiting: Map<number, Admission<I>>;
  starting: number;
}

export class InstancePool<I extends PooledInstance> {
  readonly #limits: Pick<FunctionLimits, "concurrency" | "instancesMax" | "queueMax">;
  readonly #start: (size: InstanceSize) => Promise<I>;
  readonly #evict: (instance: I) => void;
  readonly #instances: I[] = [];
  /** The version's own size first; another from its first admission on. */
  readonly #lanes: [Lane<I>, ...Lane<I>[]] = [{ size: null, waiting: new Map(), starting: 0 }];
  readonly #warming: {
    readonly count: number;
    readonly isReserving: boolean;
    readonly done: (failure: StartFailure | null) => void;
  }[] = [];
  #reserved = 0;
  /** Instances that may still be started for the last `reserve`: those of a version may end as soon as they have started. */
  #reservedStarts = 0;
  #closed = false;
  #coldStarts = 0;
  #rejected = 0;

  /** `evict` stops an idle instance for one of another size; the pool hears of it by `remove`. */
  constructor(
    limits: Pick<FunctionLimits, "concurrency" | "instancesMax" | "queueMax">,
    start: (size: InstanceSize) => Promise<I>,
    evict: (instance: I) => void = ignore,
  ) {
    this.#limits = limits;
    this.#start = start;
    this.#evict = evict;
  }

  get size(): number {
    return this.#instances.length;
  }
  get queued(): number {
    return this.#lanes.reduce((sum, { waiting }) => sum + waiting.size, 0);
  }
  get coldStarts(): number {
    return this.#coldStarts;
  }
  get rejected(): number {
    return this.#rejected;
  }
  get instances(): readonly I[] {
    return this.#instances;
  }

  /** Of the instances those that are kept. */
  get reserved(): number {
    return this.#reserved === 0 ? 0 : Math.min(this.#reserved, this.#own.length);
  }

  /** Whether it is kept however long it has nothing to do; one that has just started may not be among the instances yet. */
  isReserved(instance: I): boolean {
    if (this.#reserved === 0 || !isOwn(instance)) return false;
    const own = this.#own;
    const index = own.indexOf(instance);
    return (index < 0 ? own.length : index) < this.#reserved;
  }

  /** Runs, queues or refuses. */
  admit(admission: Admission<I>): void {
    const lane = this.#lane(admission.size ?? null);
    const instance = this.#withRoom(lane);
    if (instance !== undefined) {
      admission.run(instance);
      return;
    }
    const { queued } = this;
    if (queued >= this.#limits.queueMax && !this.#canStart() && this.#idleOfOthers(lane) === undefined) {
      this.#rejected += 1;
      admission.refuse("FUNCTION_OVERLOADED", `${queued} invocations are waiting already`, "");
      return;
    }
    lane.waiting.set(admission.id, admission);
    this.#startIfNeeded();
  }

  /** Takes a waiting invocation out; false when it is not waiting. */
  withdraw(id: number): boolean {
    return this.#lanes.some(({ waiting }) => waiting.delete(id));
  }

  /** An instance has room again. */
  onRoom(): void {
    if (this.#lanes.length > 1) this.#helpStarving();
    for (const lane of this.#lanes) this.#serve(lane);
    this.#startIfNeeded();
  }

  #serve(lane: Lane<I>): void {
    for (const [id, admission] of lane.waiting) {
      const instance = this.#withRoom(lane);
      if (instance === undefined) break;
      lane.waiting.delete(id);
      admission.run(instance);
    }
  }

  /** An instance that is in use serves nobody new: another one is started where there is a place. */
  replace(instance: I): void {
    if (this.#canStart()) this.#startOne(this.#lane(instance.size ?? null));
  }

  /** An instance is gone. */
  remove(instance: I): void {
    const index = this.#instances.indexOf(instance);
    if (index >= 0) this.#instances.splice(index, 1);
    this.#startIfNeeded();
    // While somebody waits for reserved ones only: who would say again and again what is lost needs no second voice.
    if (this.#warming.some(({ isReserving }) => isReserving)) this.#startReserved();
  }

  /** Starts instances of the version's own size until `count` are ready or there is no place left; resolves with the failure that stopped it, or null. */
  warm(count: number): Promise<StartFailure | null> {
    const [lane] = this.#lanes;
    const wanted = Math.min(count, this.#limits.instancesMax);
    const isMissing = (): boolean => this.#own.length + lane.starting < wanted;
    while (isMissing() && this.#canStart()) this.#startOne(lane);
    return this.#whenReady(wanted, false);
  }

  /**
   * Keeps `count` instances of the version's own size from now on, and starts those that are missing, few at a time: requests need the thread meanwhile. What
   * is lost later is started again when it is called again. Resolves with the failure that stopped it, or with null when all are there or no place is left.
   */
  reserve(count: number): Promise<StartFailure | null> {
    this.#reserved = this.#closed ? 0 : Math.min(count, this.#limits.instancesMax);
    this.#reservedStarts = 2 * this.#reserved;
    // Whoever asked for another number before waits for something that may never come.
    const asked = this.#warming.findIndex(({ isReserving }) => isReserving);
    if (asked >= 0) this.#warming.splice(asked, 1)[0]?.done(null);
    this.#startReserved();
    return this.#whenReady(this.#reserved, true);
  }

  /** Invariant: who waits here waits for a start that is under way. */
  #whenReady(count: number, isReserving: boolean): Promise<StartFailure | null> {
    if (this.#own.length >= count || this.#lanes[0].starting === 0) return Promise.resolve(null);
    return new Promise((done) => {
      this.#warming.push({ count, isReserving, done });
    });
  }

  /** Refuses all who wait; instances are the owner's to stop. */
  close(code: ErrorCode): void {
    this.#closed = true;
    this.#reserved = 0;
    for (const lane of this.#lanes) refuse(lane, code, { message: "The function version was unloaded", stack: "" });
    for (const warming of this.#warming.splice(0)) warming.done(null);
  }

  /** Of the version's own size, and serving. */
  get #own(): readonly I[] {
    return this.#instances.filter(isOwn);
  }

  get #starting(): number {
    return this.#lanes.reduce((sum, { starting }) => sum + starting, 0);
  }

  #lane(size: InstanceSize): Lane<I> {
    const known = this.#lanes.find((lane) => lane.size === size);
    if (known !== undefined) return known;
    const lane: Lane<I> = { size, waiting: new Map(), starting: 0 };
    this.#lanes.push(lane);
    return lane;
  }

  #withRoom({ size }: Lane<I>): I | undefined {
    for (const instance of this.#instances) {
      if (instance.active >= this.#limits.concurrency || instance.stopped || instance.isRetired === true) continue;
      if ((instance.size ?? null) === size) return instance;
    }
    return undefined;
  }

  #canStart(): boolean {
    return !this.#closed && this.#instances.length + this.#starting < this.#limits.instancesMax;
  }

  /** One start for each instance's worth of waiting invocations. */
  #startIfNeeded(): void {
    for (const lane of this.#lanes) {
      while (lane.waiting.size > lane.starting * this.#limits.concurrency && this.#makeRoom(lane)) this.#startOne(lane);
    }
  }

  #startReserved(): void {
    const [lane] = this.#lanes;
    const isMissing = (): boolean => this.#own.length + lane.starting < this.#reserved;
    const mayStart = (): boolean => this.#reservedStarts > 0 && lane.starting < reservedLimits.startingMax;
    while (isMissing() && mayStart() && this.#makeRoom(lane)) {
      this.#reservedStarts -= 1;
      this.#startOne(lane);
    }
  }

  /** Whether another instance may start; one of another size that is idle makes room. */
  #makeRoom(lane: Lane<I>): boolean {
    if (this.#canStart()) return true;
    const idle = this.#closed || lane.starting > 0 ? undefined : this.#idleOfOthers(lane);
    if (idle === undefined) return false;
    // Taken out first: what its end sets in motion finds the place free and leaves it to this lane.
    this.#instances.splice(this.#instances.indexOf(idle), 1);
    this.#startOne(lane);
    this.#evict(idle);
    return false;
  }

  /** Who waits for a size of which there is no instance comes before those who wait for one that just got idle. */
  #helpStarving(): void {
    for (const lane of this.#lanes) {
      if (lane.waiting.size > 0 && lane.starting === 0 && !this.#hasInstance(lane) && this.#makeRoom(lane)) {
        this.#startOne(lane);
      }
    }
  }

  #hasInstance({ size }: Lane<I>): boolean {
    return this.#instances.some((instance) => (instance.size ?? null) === size);
  }

  #idleOfOthers({ size }: Lane<I>): I | undefined {
    if (this.#lanes.length === 1) return undefined;
    const isOther = (instance: I): boolean => instance.active === 0 && (instance.size ?? null) !== size;
    return this.#instances.find((instance) => isOther(instance) && !this.isReserved(instance));
  }

  #startOne(lane: Lane<I>): void {
    lane.starting += 1;
    this.#coldStarts += 1;
    this.#start(lane.size).then(
      (instance) => {
        lane.starting -= 1;
        this.#instances.push(instance);
        // Those it was started for come first, or it would make way for another size unused.
        this.#serve(lane);
        this.onRoom();
        this.#startReserved();
        this.#reportWarm(null);
      },
      (error: unknown) => {
        lane.starting -= 1;
        const failure = startFailure(error);
        if (lane.starting === 0 && !this.#hasInstance(lane)) refuse(lane, "FUNCTION_LOAD_FAILED", failure);
        if (lane.size === null) this.#reportWarm(failure);
      },
    );
  }

  #reportWarm(failure: StartFailure | null): void {
    // Nothing starts any more, so that no place is left for what is missing: a busy instance of another size or a retired one has it.
    const isOver = this.#lanes[0].starting === 0;
    for (let index = this.#warming.length - 1; index >= 0; index -= 1) {
      const warming = this.#warming[index];
      if (warming === undefined || (failure === null && !isOver && this.#own.length < warming.count)) continue;
      this.#warming.splice(index, 1);
      warming.done(failure);
    }
  }
}

function isOwn({ size, isRetired }: PooledInstance): boolean {
  return (size ?? null) === null && isRetired !== true;
}

function refuse<I extends PooledInstance>(
  { waiting }: Lane<I>,
  code: ErrorCode,
  { message, stack }: StartFailure,
): void {
  const refused = [...waiting.values()];
  waiting.clear();
  for (const admission of refused) admission.refuse(code, message, stack);
}

function startFailure(error: unknown): StartFailure {
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? "" };
  return { message: String(error), stack: "" };
}

function ignore(): void {}
