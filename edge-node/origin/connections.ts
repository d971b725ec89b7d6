/**
 * Connections to other servers, one pool per place, every new connection checked by an egress policy.
 *
 * The policy sees the address that is connected to: an IP literal as it stands, a name's addresses as the resolver returned them for this very
 * connection. Invariant: no connection is opened to an address the policy refuses; the number of pools is bounded.
 */
import { lookup as dnsLookup } from "node:dns";
import net, { type LookupFunction } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { LRUCache } from "lru-cache";
import { originLimits } from "../../sdk/cdn-limits.ts";
import { systemClock, type Clock } from "../clock.ts";
import { AnswerHeadParser } from "./answer-head-parser.ts";
import { checkedLookup, checkLiteral, type Resolver } from "./checked-lookup.ts";
import { ConnectionPool, type PoolContext } from "./connection-pool.ts";
import { Deadlines } from "./deadlines.ts";
import type { EgressPolicy } from "../../sdk/egress-policy.ts";
import type { AddressRules } from "./egress-rules.ts";
import { RequestHeadWriter } from "./request-head.ts";
import type { EgressWay, SocketPlace, TlsPlace } from "./open-socket.ts";

export type { Resolver } from "./checked-lookup.ts";

export interface ConnectionsOptions {
  readonly policy: EgressPolicy;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default `dns.lookup`. */
  readonly resolver?: Resolver;
  /** Certificate authorities to trust, PEM. Default: those of Node.js, of the machine (NODE_USE_SYSTEM_CA) and of NODE_EXTRA_CA_CERTS. */
  readonly authorities?: readonly string[];
}

/** Where connections go to and what they are like; equal places share connections. */
export interface Place {
  /** `http(s)://host:port`. */
  readonly origin: string;
  /** The name that https must prove; http does not look at it. */
  readonly serverName: string;
  /** Until a connection is there, its TLS handshake included. Default `originLimits.connectTimeoutDefaultS`. */
  readonly connectTimeoutMs?: number;
  /** `any`: whoever answers is trusted, which protects from nobody who can change what the network carries. Default `checked`. */
  readonly certificate?: "checked" | "any";
  /** Sockets at most; what goes beyond waits as long as the connect timeout. Default `originLimits.connectionsDefault`. */
  readonly socketsMax?: number;
  /** What a function's own lists say of the place. Default null: whatever the node allows. */
  readonly addresses?: AddressRules | null;
}

const POOLS_MAX = 2_000;
/** What one read of a socket brings at most. */
const READ_BYTES_MAX = 65_536;

/** Owns its pools; the owner of this object closes it. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #context: PoolContext;
  readonly #resolver: Resolver;
  /** For places that no function's lists speak of. */
  readonly #anyWay: EgressWay;
  readonly #pools: LRUCache<string, ConnectionPool>;
  #secureContext: SecureContext | undefined;
  /** The pool that was asked for last, and by which place: for an origin with one source it is the one that is asked for next. */
  #last: { readonly place: Required<Place>; readonly pool: ConnectionPool } | null = null;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    const { resolver = dnsLookup, clock = systemClock } = options;
    this.#resolver = resolver;
    this.#anyWay = this.#wayOf(null);
    this.#context = {
      deadlines: new Deadlines(clock),
      parser: new AnswerHeadParser(),
      headWriter: new RequestHeadWriter(),
      readBuffer: Buffer.allocUnsafeSlow(READ_BYTES_MAX),
      idle: { count: 0 },
      retired: new Set(),
      isClosed: false,
    };
    this.#pools = new LRUCache({ max: POOLS_MAX, dispose: (pool) => pool.retire() });
  }

  get authorities(): readonly string[] | undefined {
    return this.#options.authorities;
  }

  pool(place: Place): ConnectionPool {
    if (this.#last !== null && isSamePlace(this.#last.place, place)) return this.#last.pool;
    const { origin, serverName, certificate = "checked", socketsMax = originLimits.connectionsDefault } = place;
    const { connectTimeoutMs = originLimits.connectTimeoutDefaultS * 1_000 } = place;
    const { addresses = null } = place;
    const isSecure = origin.startsWith("https:");
    const proof = isSecure ? ` ${certificate} ${serverName}` : "";
    // Who may not connect to an address may not use a connection to it either.
    const limits = addresses === null ? "" : ` ${addresses.key}`;
    const key = `${origin} ${connectTimeoutMs} ${socketsMax}${proof}${limits}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      const tls = isSecure ? this.#tlsPlace(serverName, certificate) : null;
      pool = new ConnectionPool(this.#context, {
        place: { ...socketAddress(origin, isSecure), tls, egress: this.#wayOf(addresses) },
        connectTimeoutMs,
        socketsMax,
      });
      this.#pools.set(key, pool);
    }
    this.#last = { place: { origin, serverName, certificate, socketsMax, connectTimeoutMs, addresses }, pool };
    return pool;
  }

  /**
   * The lookup for a connection that is not a pool's own. Throws EgressDeniedError when `hostname` is an address that may not be connected to,
   * since those are never looked up, or when `addresses` holds none.
   */
  checkedLookup(hostname: string, addresses: AddressRules | null): LookupFunction {
    const { guard, lookup } = this.#wayOf(addresses);
    checkLiteral(guard, withoutBrackets(hostname));
    return lookup;
  }

  /** Ends every connection at once. */
  close(): Promise<void> {
    this.#context.isClosed = true;
    for (const pool of [...this.#pools.values(), ...this.#context.retired]) pool.close();
    this.#pools.clear();
    this.#last = null;
    this.#context.deadlines.close();
    return Promise.resolve();
  }

  #wayOf(rules: AddressRules | null): EgressWay {
    if (rules === null && this.#anyWay !== undefined) return this.#anyWay;
    const guard = { policy: this.#options.policy, rules };
    return { guard, lookup: checkedLookup(guard, this.#resolver) };
  }

  #tlsPlace(serverName: string, certificate: "checked" | "any"): TlsPlace {
    const { authorities } = this.#options;
    if (authorities !== undefined) this.#secureContext ??= createSecureContext({ ca: [...authorities] });
    const name = withoutBrackets(serverName.replace(/:\d+$/, ""));
    // An address cannot be asked for by SNI.
    return { serverName: net.isIP(name) === 0 ? name : "", certificate, secureContext: this.#secureContext };
  }
}

/** What `b` leaves to its default is looked up the long way. */
function isSamePlace(a: Required<Place>, b: Place): boolean {
  const isLike = a.socketsMax === b.socketsMax && a.connectTimeoutMs === b.connectTimeoutMs;
  if (!isLike || a.certificate !== b.certificate || a.origin !== b.origin || a.serverName !== b.serverName)
    return false;
  return a.addresses === b.addresses || a.addresses?.key === b.addresses?.key;
}

function socketAddress(origin: string, isSecure: boolean): Pick<SocketPlace, "hostname" | "port"> {
  const { hostname, port } = new URL(origin);
  const standard = isSecure ? 443 : 80;
  return { hostname: withoutBrackets(hostname), port: port === "" ? standard : Number(port) };
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}
