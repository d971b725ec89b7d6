/**
 * Name resolution under an egress policy: of a name's addresses only those that may be connected to are handed on, for this very connection.
 *
 * Knows no connection. Invariant: what is not looked up, an address as such, is for `checkLiteral` to judge.
 */
import type { LookupAddress, LookupAllOptions } from "node:dns";
import net, { type LookupFunction } from "node:net";
import type { EgressPolicy } from "./egress-policy.ts";

/** Resolves a name to all its addresses, as `dns.lookup` with `all`. */
export type Resolver = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** No address of the place may be connected to. */
export class EgressDeniedError extends Error {
  readonly code = "EGRESS_DENIED";
  constructor(hostname: string) {
    super(`Cannot connect to ${hostname}: its address is not allowed on this node`);
    this.name = "EgressDeniedError";
  }
}

/** Throws EgressDeniedError when `hostname` is an address that may not be connected to. */
export function checkLiteral(policy: EgressPolicy, hostname: string): void {
  if (net.isIP(hostname) !== 0 && !policy.allows(hostname)) throw new EgressDeniedError(hostname);
}

export function checkedLookup(policy: EgressPolicy, resolver: Resolver): LookupFunction {
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
