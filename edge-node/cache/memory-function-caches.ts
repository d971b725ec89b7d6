/**
 * The caches of functions in one front's memory. Fronts of a node do not share them: what one front stored, another does not find.
 *
 * Bounds: bytes and entries of one function, bytes of all together, bytes of bodies on their way in. When all together are too large, the
 * function whose caches were used longest ago loses its least recently used entry. Invariant: only a body that arrived whole is stored.
 */
import { emptyBody, type Body } from "../../runtime/body.ts";
import { cacheAnswer } from "../../runtime/cache-call.ts";
import { SubrequestError, type SubrequestResponse } from "../../runtime/driver.ts";
import { setHeader } from "../../sdk/header-text.ts";
import { functionCacheLimits, messageLimits } from "../../sdk/limits.ts";
import type { Clock } from "../clock.ts";
import { discardBody } from "../pipeline/discard-body.ts";
import { readWholeBody } from "../pipeline/whole-body.ts";
import { varyingFields, type CacheEntry } from "./cache-entries.ts";
import type { FunctionCacheAnswer, FunctionCacheRequest, FunctionCaches, NotKeptReason } from "./function-cache.ts";
import { decideKeeping, type Keeping } from "./function-cache-lifetime.ts";
import { OwnedCaches } from "./owned-caches.ts";

export interface MemoryFunctionCachesOptions {
  readonly clock: Pick<Clock, "now">;
  /** Default `functionCacheLimits`. */
  readonly bytesMax?: number;
  readonly bytesPerFunctionMax?: number;
  readonly arrivingBytesMax?: number;
  readonly arrivingBytesPerFunctionMax?: number;
}

export class MemoryFunctionCaches implements FunctionCaches {
  readonly #clock: Pick<Clock, "now">;
  readonly #limits: Required<Omit<MemoryFunctionCachesOptions, "clock">>;
  /** The one used longest ago first. */
  readonly #owners = new Map<string, OwnedCaches>();
  #arrivingBytes = 0;

  constructor({ clock, ...limits }: MemoryFunctionCachesOptions) {
    this.#clock = clock;
    this.#limits = { ...functionCacheLimits, ...limits };
  }

  get bytes(): number {
    return sumOf(this.#owners.values(), (owned) => owned.bytes);
  }

  get entries(): number {
    return sumOf(this.#owners.values(), (owned) => owned.entries);
  }

  async run(owner: string, request: FunctionCacheRequest): Promise<FunctionCacheAnswer> {
    if (request.call.operation === "put") return await this.#put(owner, request);
    await discardBody(request.body);
    return { response: this.#answer(this.#owned(owner), request), notKept: null };
  }

  keepOnly(isKnown: (owner: string) => boolean): void {
    for (const owner of this.#owners.keys()) if (!isKnown(owner)) this.#owners.delete(owner);
  }

  #answer(owned: OwnedCaches, request: FunctionCacheRequest): SubrequestResponse {
    const { call } = request;
    switch (call.operation) {
      case "open": {
        const isOpen = owned.open(call.name);
        this.#shrink();
        return isOpen ? status(cacheAnswer.done) : full("the function has too many caches");
      }
      case "has":
        return status(owned.has(call.name) ? cacheAnswer.done : cacheAnswer.none);
      case "drop":
        return status(owned.drop(call.name) ? cacheAnswer.done : cacheAnswer.none);
      case "names":
        return listed(Buffer.from(JSON.stringify(owned.names())));
      default:
        return this.#answerEntries(owned, request);
    }
  }

  #answerEntries(owned: OwnedCaches, { call, url, headers }: FunctionCacheRequest): SubrequestResponse {
    const { ignoreSearch, ignoreVary } = call;
    const now = this.#clock.now();
    const query = call.asksForRequest ? { url, headers, ignoreSearch, ignoreVary } : null;
    const found = owned.find(call, query, now);
    switch (call.operation) {
      case "match": {
        const [first] = found;
        if (first === undefined) return status(cacheAnswer.nothing);
        owned.touch(first);
        return { ...servedHead(first, now), body: bodyOf(first.bytes) };
      }
      case "delete":
        for (const entry of found) owned.remove(entry);
        return status(found.length > 0 ? cacheAnswer.done : cacheAnswer.none);
      case "keys":
        return listKeys(found);
      default:
        return listResponses(found, now);
    }
  }

  async #put(owner: string, request: FunctionCacheRequest): Promise<FunctionCacheAnswer> {
    const { call, body } = request;
    const keeping = decideKeeping(call.response?.headers ?? "", this.#clock.now());
    if (!keeping.keep) {
      await discardBody(body);
      this.#removeOlder(owner, request);
      return { response: status(cacheAnswer.done), notKept: keeping.reason };
    }
    const owned = this.#owned(owner);
    let claimed = 0;
    const isCrowded = (): boolean =>
      this.#arrivingBytes > this.#limits.arrivingBytesMax ||
      owned.arrivingBytes > this.#limits.arrivingBytesPerFunctionMax;
    try {
      const whole = await readWholeBody(body, {
        bytesMax: messageLimits.bufferedBodyBytesMax,
        signal: request.signal,
        hasRoom: (bytes) => {
          claimed += bytes;
          owned.arrivingBytes += bytes;
          this.#arrivingBytes += bytes;
          return !isCrowded();
        },
      });
      if (whole.kind === "broken") {
        throw new SubrequestError("FUNCTION_BODY_FAILED", `The response's body broke off: ${whole.message}`);
      }
      if (whole.kind === "whole") return this.#store(owner, { request, keeping, bytes: whole.bytes });
      return isCrowded()
        ? notKept("TOO_MANY_ARRIVING", "too many bodies are on their way into caches")
        : notKept("BODY_TOO_LARGE", `the body is larger than ${messageLimits.bufferedBodyBytesMax} bytes`);
    } finally {
      owned.arrivingBytes -= claimed;
      this.#arrivingBytes -= claimed;
    }
  }

  #store(
    owner: string,
    arrived: {
      readonly request: FunctionCacheRequest;
      readonly keeping: Extract<Keeping, { keep: true }>;
      readonly bytes: Buffer;
    },
  ): FunctionCacheAnswer {
    const { request, keeping, bytes } = arrived;
    const { call, url, headers } = request;
    const storedAt = this.#clock.now();
    this.#removeOlder(owner, request);
    const isStored = this.#owned(owner).put(call, {
      url,
      requestHeaders: headers,
      head: call.response ?? noHead,
      bytes,
      varies: varyingFields(headers, keeping.varies),
      storedAt,
      ageMs: keeping.ageMs,
      freshUntil: keeping.freshMs === undefined ? undefined : storedAt + keeping.freshMs,
    });
    this.#shrink();
    if (isStored) return { response: status(cacheAnswer.done), notKept: null };
    return notKept("TOO_LARGE_FOR_FUNCTION", "the function's caches have no room for it");
  }

  /** What the new response stands in for: entries that its request would have found. */
  #removeOlder(owner: string, { call, url, headers }: FunctionCacheRequest): void {
    const owned = this.#owned(owner);
    const query = { url, headers, ignoreSearch: false, ignoreVary: false };
    for (const entry of owned.find(call, query, this.#clock.now())) owned.remove(entry);
  }

  /** The function's caches, which count as used now. */
  #owned(owner: string): OwnedCaches {
    const owned = this.#owners.get(owner) ?? new OwnedCaches({ bytesMax: this.#limits.bytesPerFunctionMax });
    this.#owners.delete(owner);
    this.#owners.set(owner, owned);
    return owned;
  }

  #shrink(): void {
    for (let bytes = this.bytes; bytes > this.#limits.bytesMax;) {
      const [oldest] = this.#owners;
      if (oldest === undefined) return;
      const [owner, owned] = oldest;
      const before = owned.bytes;
      if (!owned.shrink() || owned.isEmpty) this.#owners.delete(owner);
      bytes -= before - owned.bytes;
    }
  }
}

const noHead = { status: 200, statusText: "", headers: "", url: "", redirected: false } as const;

/** The stored head; where the response said how long it is fresh, with its age (RFC 9111 §4). */
function servedHead({ head, freshUntil, ageMs, storedAt }: CacheEntry, now: number): Omit<SubrequestResponse, "body"> {
  if (freshUntil === undefined) return head;
  const ageSeconds = Math.max(0, Math.floor((ageMs + now - storedAt) / 1_000));
  return { ...head, headers: setHeader(head.headers, "age", String(ageSeconds)) };
}

function listKeys(found: readonly CacheEntry[]): SubrequestResponse {
  const size = sumOf(found, ({ url, requestHeaders }) => url.length + requestHeaders.length);
  if (size > functionCacheLimits.listingBytesMax) return tooLong;
  return listed(Buffer.from(JSON.stringify(found.map(({ url, requestHeaders }) => [url, requestHeaders]))));
}

/** See `splitResponses` in the guest's cache.ts. */
function listResponses(found: readonly CacheEntry[], now: number): SubrequestResponse {
  const listBytes = sumOf(found, ({ head }) => head.headers.length + head.url.length);
  const bodyBytes = sumOf(found, ({ bytes }) => bytes.byteLength);
  if (listBytes > functionCacheLimits.listingBytesMax) return tooLong;
  if (bodyBytes > messageLimits.bufferedBodyBytesMax) return tooLong;
  const heads = found.map((entry) => ({ ...servedHead(entry, now), bodyBytes: entry.bytes.byteLength }));
  const list = Buffer.from(JSON.stringify(heads));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(list.byteLength);
  return listed(Buffer.concat([length, list, ...found.map(({ bytes }) => bytes)]));
}

function bodyOf(bytes: Uint8Array): Body {
  return bytes.byteLength === 0 ? emptyBody : { kind: "bytes", bytes };
}

function listed(bytes: Uint8Array): SubrequestResponse {
  return { ...status(cacheAnswer.done), body: { kind: "bytes", bytes } };
}

function status(value: number, statusText = ""): SubrequestResponse {
  return { status: value, statusText, headers: "", body: emptyBody, url: "", redirected: false };
}

function full(why: string): SubrequestResponse {
  return status(cacheAnswer.full, why);
}

const tooLong: SubrequestResponse = full(
  `the answer is longer than ${functionCacheLimits.listingBytesMax} bytes of heads or ${messageLimits.bufferedBodyBytesMax} of bodies, ask for less`,
);

function notKept(reason: NotKeptReason, why: string): FunctionCacheAnswer {
  return { response: full(why), notKept: reason };
}

function sumOf<T>(items: Iterable<T>, valueOf: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += valueOf(item);
  return sum;
}
