/**
 * How often each client address may ask: a bucket of `qps` requests for each, which fills up again at `qps` a second.
 *
 * One for a front; what it knows outlives a revision. IPv6 clients are counted by /64, since whoever has one address has all of those.
 * Invariants: a refused request costs its client nothing further; the table is bounded, and each domain has its own, so that one domain's flood
 * forgets nothing of another's. An address that is forgotten may ask as if for the first time.
 */
import { policyLimits } from "../../sdk/cdn-limits.ts";
import { addressDigits } from "./address-set.ts";

export class RequestRates {
  /** By domain and address: when the address's bucket is full again, in milliseconds of the monotonic clock. The least recent use is first. */
  readonly #domains = new Map<string, Map<string, number>>();
  #addressesMax: number = policyLimits.rateAddressesMax;

  /** Forgets all domains but these, which share the table. */
  keep(domains: readonly string[]): void {
    const kept = new Set(domains);
    for (const domain of this.#domains.keys()) if (!kept.has(domain)) this.#domains.delete(domain);
    const { rateAddressesMax, rateAddressesMin } = policyLimits;
    this.#addressesMax = Math.max(rateAddressesMin, Math.floor(rateAddressesMax / Math.max(1, kept.size)));
  }

  /** Whether the client may ask now; if so, the request is counted. */
  take(domain: string, client: { readonly address: string; readonly qps: number; readonly nowMs: number }): boolean {
    const { nowMs, qps } = client;
    const table = this.#tableOf(domain);
    const key = clientKey(client.address);
    const fullAt = Math.max(table.get(key) ?? 0, nowMs);
    const intervalMs = 1_000 / qps;
    // A bucket of `qps` requests needs a second from empty to full; the last part of a nanosecond is rounding.
    const mayAsk = fullAt - nowMs <= 1_000 - intervalMs + 1e-6;
    table.delete(key);
    table.set(key, mayAsk ? fullAt + intervalMs : fullAt);
    for (const oldest of table.keys()) {
      if (table.size <= this.#addressesMax) break;
      table.delete(oldest);
    }
    return mayAsk;
  }

  #tableOf(domain: string): Map<string, number> {
    const known = this.#domains.get(domain);
    if (known !== undefined) return known;
    const made = new Map<string, number>();
    this.#domains.set(domain, made);
    return made;
  }
}

/** An IPv4 address, or the first 64 bits of one of IPv6. */
function clientKey(address: string): string {
  return address.includes(":") ? addressDigits(address).slice(0, 16) : address;
}
