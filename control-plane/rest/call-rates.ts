/**
 * How often who may call: requests of one address, requests with one token, and wrong tokens from one address.
 *
 * Knows addresses and ids, no request. A token of the control plane's own making cannot be guessed, so an address that is slowed down for wrong
 * ones may still use it: whoever shares an address with a guesser is not shut out. Invariant: each table is bounded; what is forgotten begins anew.
 */
import { controlAccessLimits } from "../../sdk/control-access-limits.ts";
import type { Clock } from "../clock.ts";

export interface CallRatesOptions {
  /** In one second, and in a burst. */
  readonly requestsPerAddress: number;
  readonly requestsPerToken: number;
  /** In one minute, and in a burst. */
  readonly wrongTokensPerAddress: number;
  readonly clock: Clock;
}

export class CallRates {
  readonly #clock: Clock;
  readonly #addresses: Buckets;
  readonly #tokens: Buckets;
  readonly #wrong: Buckets;

  constructor({ clock, requestsPerAddress, requestsPerToken, wrongTokensPerAddress }: CallRatesOptions) {
    this.#clock = clock;
    this.#addresses = new Buckets({ size: requestsPerAddress, fillMs: 1_000 });
    this.#tokens = new Buckets({ size: requestsPerToken, fillMs: 1_000 });
    this.#wrong = new Buckets({ size: wrongTokensPerAddress, fillMs: 60_000 });
  }

  /** Counts a request. Returns 0, or in how many milliseconds there is room for it. */
  fromAddress(address: string): number {
    return this.#addresses.take(clientNetwork(address), this.#clock.monotonicMs());
  }

  /** The same of a request with a right token. */
  withToken(tokenId: string): number {
    return this.#tokens.take(tokenId, this.#clock.monotonicMs());
  }

  /** The same of a request with a wrong token. */
  wrongToken(address: string): number {
    return this.#wrong.take(clientNetwork(address), this.#clock.monotonicMs());
  }

  /** In how many milliseconds the address may try a token that could have been guessed; counts nothing. */
  untilTry(address: string): number {
    return this.#wrong.wait(clientNetwork(address), this.#clock.monotonicMs());
  }
}

/** A bucket of `size` for each key, which fills up in `fillMs`. */
class Buckets {
  /** When a key's bucket is full again. The least recent use is first. */
  readonly #fullAt = new Map<string, number>();
  readonly #intervalMs: number;
  readonly #fillMs: number;

  constructor({ size, fillMs }: { readonly size: number; readonly fillMs: number }) {
    this.#intervalMs = fillMs / size;
    this.#fillMs = fillMs;
  }

  wait(key: string, nowMs: number): number {
    const missingMs = Math.max(this.#fullAt.get(key) ?? 0, nowMs) - nowMs;
    // The last part of a nanosecond is rounding.
    const waitMs = missingMs + this.#intervalMs - this.#fillMs;
    return waitMs <= 1e-6 ? 0 : waitMs;
  }

  take(key: string, nowMs: number): number {
    const waitMs = this.wait(key, nowMs);
    if (waitMs > 0) return waitMs;
    const fullAt = Math.max(this.#fullAt.get(key) ?? 0, nowMs) + this.#intervalMs;
    this.#fullAt.delete(key);
    this.#fullAt.set(key, fullAt);
    for (const oldest of this.#fullAt.keys()) {
      if (this.#fullAt.size <= controlAccessLimits.callersMax) break;
      this.#fullAt.delete(oldest);
    }
    return 0;
  }
}

/** An IPv4 address, or the first 64 bits of one of IPv6: whoever has one address has all of those. */
export function clientNetwork(address: string): string {
  if (!address.includes(":")) return address;
  if (address.includes(".")) return address.slice(address.lastIndexOf(":") + 1);
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
