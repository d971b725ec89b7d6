/**
 * Which certificate a TLS handshake gets: by server name, exact before wildcard, of several the newest that is valid now.
 *
 * Knows no socket and no store. Invariant: the set is replaced in one assignment, so a handshake sees the old or the new one; open connections
 * keep the context they were made with.
 */
import { createSecureContext, type SecureContext } from "node:tls";
import { LRUCache } from "lru-cache";
import { tlsLimits } from "../../sdk/cdn-limits.ts";
import type { Clock } from "../clock.ts";

/** A certificate with its opened key. */
export interface ServingCertificate {
  readonly name: string;
  /** Host names and `*.` patterns, lower case. */
  readonly domains: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly fingerprint: string;
  /** PEM. */
  readonly chain: string;
  readonly key: string;
}

export class ServerCertificates {
  readonly #clock: Clock;
  readonly #contexts = new LRUCache<string, SecureContext>({ max: tlsLimits.contextsMax });
  /** By name or pattern, the newest first. */
  #byName: ReadonlyMap<string, readonly ServingCertificate[]> = new Map();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  replace(certificates: readonly ServingCertificate[]): void {
    const newestFirst = certificates.toSorted((a, b) => b.notBefore - a.notBefore);
    const named = newestFirst.flatMap((certificate) => certificate.domains.map((name) => ({ name, certificate })));
    const byName = new Map<string, ServingCertificate[]>();
    for (const { name, certificate } of named) {
      const others = byName.get(name);
      if (others === undefined) byName.set(name, [certificate]);
      else others.push(certificate);
    }
    this.#byName = byName;
    const kept = new Set(certificates.map(({ fingerprint }) => fingerprint));
    for (const fingerprint of Array.from(this.#contexts.keys())) {
      if (!kept.has(fingerprint)) this.#contexts.delete(fingerprint);
    }
  }

  /** Undefined: none is for this name. One that is not valid now is better than none: it tells the client what is wrong. */
  find(serverName: string): ServingCertificate | undefined {
    const name = serverName.toLowerCase();
    const exact = this.#byName.get(name) ?? [];
    const wildcard = this.#byName.get(wildcardOf(name)) ?? [];
    const now = this.#clock.now();
    const isValid = ({ notBefore, notAfter }: ServingCertificate): boolean => notBefore <= now && now < notAfter;
    return exact.find(isValid) ?? wildcard.find(isValid) ?? exact[0] ?? wildcard[0];
  }

  /** Throws what OpenSSL throws for a key that does not fit. */
  context(certificate: ServingCertificate): SecureContext {
    const known = this.#contexts.get(certificate.fingerprint);
    if (known !== undefined) return known;
    const context = secureContextOf(certificate);
    this.#contexts.set(certificate.fingerprint, context);
    return context;
  }
}

/** What handshakes are made with. Throws what OpenSSL throws for a key or a certificate that it does not take. */
export function secureContextOf({ chain, key }: Pick<ServingCertificate, "chain" | "key">): SecureContext {
  return createSecureContext({ cert: chain, key, minVersion: "TLSv1.2" });
}

/** Whether a certificate for `domains` is one for `hostname` (RFC 6125 §6.4.3: a wildcard stands for one label). */
export function coversHost(domains: readonly string[], hostname: string): boolean {
  return domains.includes(hostname) || domains.includes(wildcardOf(hostname));
}

function wildcardOf(hostname: string): string {
  const dot = hostname.indexOf(".");
  return dot < 0 ? "" : `*${hostname.slice(dot)}`;
}
