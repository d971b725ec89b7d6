/**
 * Connections to other servers, one undici pool per place, every new connection checked by an egress policy.
 *
 * The policy sees the address that is connected to: an IP literal as it stands, a name's addresses as the resolver returned them for this very
 * connection. Invariant: no connection is opened to an address the policy refuses; the number of pools is bounded.
 */
import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from "node:dns";
import net, { type LookupFunction } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { LRUCache } from "lru-cache";
import { buildConnector, Pool, type Dispatcher } from "undici";
import { originLimits } from "../../sdk/cdn-limits.ts";
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
  /** Sockets at most; what goes beyond waits within undici, without an end. Default `originLimits.connectionsDefault`. */
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

type Certificate = "checked" | "any" | "none";

const POOLS_MAX = 2_000;
/** Connect timeouts are whole seconds, 1..60. */
const CONNECTORS_MAX = 200;

/** Owns its pools; the owner of this object closes it. */
export class Connections {
  readonly #options: ConnectionsOptions;
  /** By timeout and certificate: connectors keep TLS sessions, and one that was not checked must not be resumed as if it were. */
  readonly #connectors = new LRUCache<string, buildConnector.connector>({ max: CONNECTORS_MAX });
  readonly #pools: LRUCache<string, Pool>;
  readonly #closing = new Set<Promise<void>>();
  #secureContext: SecureContext | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#pools = new LRUCache({ max: POOLS_MAX, dispose: (pool) => this.#close(pool) });
  }

  get authorities(): readonly string[] | undefined {
    return this.#options.authorities;
  }

  pool(place: Place): Dispatcher {
    const { origin, serverName, certificate = "checked", socketsMax = originLimits.connectionsDefault } = place;
    const { connectTimeoutMs = originLimits.connectTimeoutDefaultS * 1_000 } = place;
    const isSecure = origin.startsWith("https:");
    const proof = isSecure ? ` ${certificate} ${serverName}` : "";
    const key = `${origin} ${connectTimeoutMs} ${socketsMax}${proof}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connect: this.#connector({ connectTimeoutMs, certificate: isSecure ? certificate : "none" }),
        connections: socketsMax,
        keepAliveTimeout: originLimits.keepAliveMs,
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

  #connector(of: { readonly connectTimeoutMs: number; readonly certificate: Certificate }): buildConnector.connector {
    const key = `${of.connectTimeoutMs} ${of.certificate}`;
    let connector = this.#connectors.get(key);
    if (connector === undefined) {
      connector = this.#buildConnector(of);
      this.#connectors.set(key, connector);
    }
    return connector;
  }

  #buildConnector({
    connectTimeoutMs,
    certificate,
  }: {
    readonly connectTimeoutMs: number;
    readonly certificate: Certificate;
  }): buildConnector.connector {
    const { policy, resolver, authorities } = this.#options;
    if (certificate !== "none" && authorities !== undefined) {
      this.#secureContext ??= createSecureContext({ ca: [...authorities] });
    }
    const secureContext = this.#secureContext;
    const connect = buildConnector({
      timeout: connectTimeoutMs,
      allowH2: false,
      lookup: checkedLookup(policy, resolver ?? dnsLookup),
      autoSelectFamily: true,
      rejectUnauthorized: certificate !== "any",
      ...(secureContext === undefined ? {} : { secureContext }),
    });
    return (target, callback) => {
      const hostname = target.hostname.replace(/^\[|\]$/g, "");
      if (net.isIP(hostname) !== 0 && !policy.allows(hostname)) {
        callback(new EgressDeniedError(hostname), null);
        return;
      }
      connect({ ...target, hostname }, callback);
    };
  }

  /** A pool that was put aside finishes what it carries. */
  #close(pool: Pool): void {
    const closing = (pool.destroyed ? Promise.resolve() : pool.close()).catch(() => undefined);
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
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
