/**
 * Connections to other servers, one undici pool per place, every new connection checked by an egress policy.
 *
 * The policy sees the address that is connected to: an IP literal as it stands, a name's addresses as the resolver returned them for this very
 * connection. Invariant: no connection is opened to an address the policy refuses; the number of pools is bounded.
 */
import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from "node:dns";
import net, { type LookupFunction } from "node:net";
import { LRUCache } from "lru-cache";
import { buildConnector, Pool, type Dispatcher } from "undici";
import { messageLimits } from "../../sdk/limits.ts";
import type { EgressPolicy } from "./egress-policy.ts";

/** Resolves a name to all its addresses, as `dns.lookup` with `all`. */
export type Resolver = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface ConnectionsOptions {
  readonly policy: EgressPolicy;
  /** Default `dns.lookup`. */
  readonly resolver?: Resolver;
  /** Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Sockets to one place at most. Default 1,024. */
  readonly socketsMax?: number;
}

/** No address of the place may be connected to. */
export class EgressDeniedError extends Error {
  readonly code = "EGRESS_DENIED";
  constructor(hostname: string) {
    super(`Cannot connect to ${hostname}: its address is not allowed on this node`);
    this.name = "EgressDeniedError";
  }
}

const POOLS_MAX = 2_000;

/** Owns its pools; the owner of this object closes it. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #connect: buildConnector.connector;
  readonly #pools: LRUCache<string, Pool>;
  readonly #closing = new Set<Promise<void>>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#connect = checkedConnector(options);
    this.#pools = new LRUCache({ max: POOLS_MAX, dispose: (pool) => this.#close(pool) });
  }

  /** The pool for `http(s)://host:port`. `serverName` is the TLS name when it differs from the host. */
  pool(origin: string, serverName: string): Dispatcher {
    const key = origin.startsWith("https:") ? `${origin} ${serverName}` : origin;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connect: this.#connect,
        connections: this.#options.socketsMax ?? 1_024,
        pipelining: 1,
        allowH2: false,
        maxHeaderSize: messageLimits.headerBytesMax,
      });
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /**
   * The lookup for a connection that is not a pool's own. Throws EgressDeniedError when `hostname` is an address that may not be connected to,
   * since those are never looked up.
   */
  checkedLookup(hostname: string): LookupFunction {
    checkLiteral(this.#options.policy, hostname.replace(/^\[|\]$/g, ""));
    return checkedLookup(this.#options.policy, this.#options.resolver ?? dnsLookup);
  }

  /** Ends every connection at once. */
  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    await Promise.all(pools.map((pool) => pool.destroy()));
    this.#pools.clear();
    await Promise.all(this.#closing);
  }

  /** A pool that was put aside finishes what it carries. */
  #close(pool: Pool): void {
    const closing = (pool.destroyed ? Promise.resolve() : pool.close()).catch(() => undefined);
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}

function checkedConnector(options: ConnectionsOptions): buildConnector.connector {
  const lookup = checkedLookup(options.policy, options.resolver ?? dnsLookup);
  const connector = buildConnector({
    timeout: options.connectTimeoutMs ?? 5_000,
    allowH2: false,
    lookup,
    autoSelectFamily: true,
  });
  return (target, callback) => {
    const hostname = target.hostname.replace(/^\[|\]$/g, "");
    if (net.isIP(hostname) !== 0 && !options.policy.allows(hostname)) {
      callback(new EgressDeniedError(hostname), null);
      return;
    }
    connector({ ...target, hostname }, callback);
  };
}

function checkLiteral(policy: EgressPolicy, hostname: string): void {
  if (net.isIP(hostname) !== 0 && !policy.allows(hostname)) throw new EgressDeniedError(hostname);
}

function checkedLookup(policy: EgressPolicy, resolver: Resolver): LookupFunction {
  return (hostname, options, callback) => {
    resolver(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = addresses.filter((entry) => policy.allows(entry.address));
      const first = allowed[0];
      if (first === undefined) callback(new EgressDeniedError(hostname), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
