/**
 * Which connections a front accepts: so many in all, so many from one address.
 *
 * Of connections that the plain port closes nobody says whose they were, so those are counted as they come, and the counts put right by a look
 * at the system's table (`census`) before they matter. Invariants: a look at most once a second; the counted addresses are bounded; without a
 * census, addresses of the plain port have no bound of their own.
 */
import { connectionLimits } from "../../sdk/limits.ts";
import type { Clock } from "../clock.ts";

/** How many connections each network has, by `networkOf`; null: the system does not say. */
export type Census = () => Promise<ReadonlyMap<string, number> | null>;

export interface ConnectionGateOptions {
  readonly connectionsMax: number;
  readonly perAddressMax: number;
  /** Addresses (text) without a bound of their own. */
  readonly isExempt: (address: string) => boolean;
  /** Null: there is none on this system. */
  readonly census: Census | null;
  readonly clock: Clock;
}

export interface ConnectionCounts {
  /** Now. */
  readonly open: number;
  /** Since the start: closed at once because there were too many in all, or from one address. */
  readonly refusedByFront: number;
  readonly refusedByAddress: number;
}

/** A new connection's other end. */
export interface ConnectionPeer {
  /** By `networkOf`. */
  readonly network: string;
  /** Its address as text; asked for rarely. */
  readonly address: () => string;
}

export class ConnectionGate {
  readonly #options: ConnectionGateOptions;
  /** Of the TLS port, where it is known who leaves. */
  readonly #known = new Map<string, number>();
  /** Of the plain port: what the last look found, and what came since. */
  #found: ReadonlyMap<string, number> = new Map();
  #came = new Map<string, number>();
  #plainOpen = 0;
  #tlsOpen = 0;
  #refusedByFront = 0;
  #refusedByAddress = 0;
  #isLooking = false;
  #lookedAtMs = -Infinity;

  constructor(options: ConnectionGateOptions) {
    this.#options = options;
  }

  get counts(): ConnectionCounts {
    return {
      open: this.#plainOpen + this.#tlsOpen,
      refusedByFront: this.#refusedByFront,
      refusedByAddress: this.#refusedByAddress,
    };
  }

  /** A connection came by the plain port. Returns whether it may stay; it is counted until `plainClosed` either way. */
  plainOpened(peer: ConnectionPeer): boolean {
    this.#plainOpen++;
    if (this.#options.census !== null) add(this.#came, peer.network);
    const mayStay = this.#judge(peer);
    if (!mayStay && this.#options.census !== null) remove(this.#came, peer.network);
    return mayStay;
  }

  plainClosed(): void {
    this.#plainOpen--;
    if (this.#plainOpen > 0) return;
    this.#found = new Map();
    this.#came = new Map();
  }

  /** The same for the TLS port; counted until `tlsClosed` with the same network. */
  tlsOpened(peer: ConnectionPeer): boolean {
    this.#tlsOpen++;
    add(this.#known, peer.network);
    return this.#judge(peer);
  }

  tlsClosed(network: string): void {
    this.#tlsOpen--;
    remove(this.#known, network);
  }

  #judge({ network, address }: ConnectionPeer): boolean {
    const { connectionsMax, perAddressMax, isExempt } = this.#options;
    if (this.#plainOpen + this.#tlsOpen > connectionsMax) {
      this.#refusedByFront++;
      return false;
    }
    const plain = (this.#found.get(network) ?? 0) + (this.#came.get(network) ?? 0);
    const count = plain + (this.#known.get(network) ?? 0);
    if (plain > perAddressMax / 2 || this.#came.size > connectionLimits.addressesMax) this.#look();
    if (count <= perAddressMax || isExempt(address())) return true;
    this.#refusedByAddress++;
    return false;
  }

  #look(): void {
    const { census, clock } = this.#options;
    if (census === null || this.#isLooking || clock.monotonicMs() - this.#lookedAtMs < connectionLimits.censusMs)
      return;
    this.#isLooking = true;
    const before = this.#came;
    this.#came = new Map();
    const looked = (found: ReadonlyMap<string, number> | null): void => {
      this.#isLooking = false;
      this.#lookedAtMs = clock.monotonicMs();
      // Who came during the look may have been seen by it; counted twice until the next one.
      this.#found = found ?? new Map();
    };
    // Until then the old counts stand.
    this.#found = sum(this.#found, before);
    census().then(looked, () => looked(null));
  }
}

/** The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address, in hexadecimal digits. */
export function networkOf(octets: Uint8Array): string {
  const isMapped = octets.length === 16 && isMappedV4(octets);
  const from = isMapped ? 12 : 0;
  const to = octets.length === 16 && !isMapped ? 8 : octets.length;
  let digits = "";
  for (let index = from; index < to; index++) digits += (octets[index] ?? 0).toString(16).padStart(2, "0");
  return digits;
}

function isMappedV4(octets: Uint8Array): boolean {
  for (let index = 0; index < 10; index++) if (octets[index] !== 0) return false;
  return octets[10] === 0xff && octets[11] === 0xff;
}

function add(counts: Map<string, number>, network: string): void {
  counts.set(network, (counts.get(network) ?? 0) + 1);
}

function remove(counts: Map<string, number>, network: string): void {
  const left = (counts.get(network) ?? 0) - 1;
  if (left > 0) counts.set(network, left);
  else counts.delete(network);
}

function sum(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const all = new Map(a);
  for (const [network, count] of b) all.set(network, (all.get(network) ?? 0) + count);
  return all;
}
