/**
 * Name resolution under an egress policy and a function's own lists: of a name's addresses only those that may be connected to are handed on, for this very connection.
 *
 * Knows no connection. Invariant: what is not looked up, an address as such, is for `checkLiteral` to judge.
 */
import type { LookupAddress, LookupAllOptions } from "node:dns";
import net, { type LookupFunction } from "node:net";
import type { EgressPolicy } from "../../sdk/egress-policy.ts";
import type { AddressRules } from "./egress-rules.ts";

/** Resolves a name to all its addresses, as `dns.lookup` with `all`. */
export type Resolver = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** No address of the place may be connected to: the node refuses them, or the lists of the function that asks do. */
export class EgressDeniedError extends Error {
  readonly code: "EGRESS_DENIED" | "FUNCTION_EGRESS_DENIED";
  constructor(hostname: string, code: EgressDeniedError["code"] = "EGRESS_DENIED") {
    const by = code === "EGRESS_DENIED" ? "on this node" : "by the function's own lists";
    super(`Cannot connect to ${hostname}: its address is not allowed ${by}`);
    this.name = "EgressDeniedError";
    this.code = code;
  }
}

/** What judges the addresses of one connection. */
export interface EgressGuard {
  readonly policy: EgressPolicy;
  /** Of the function that asks; null: none. */
  readonly rules: AddressRules | null;
}

/** Throws EgressDeniedError when `hostname` is an address that may not be connected to, or when no address may. */
export function checkLiteral({ policy, rules }: EgressGuard, hostname: string): void {
  if (rules?.isNone === true) throw new EgressDeniedError(hostname, "FUNCTION_EGRESS_DENIED");
  if (net.isIP(hostname) === 0) return;
  if (!policy.allows(hostname)) throw new EgressDeniedError(hostname);
  if (rules?.allows(hostname) === false) throw new EgressDeniedError(hostname, "FUNCTION_EGRESS_DENIED");
}

export function checkedLookup({ policy, rules }: EgressGuard, resolver: Resolver): LookupFunction {
  return (hostname, options, callback) => {
    resolver(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const onNode = addresses.filter((entry) => policy.allows(entry.address));
      const allowed = rules === null ? onNode : onNode.filter((entry) => rules.allows(entry.address));
      const first = allowed[0];
      const code = onNode.length === 0 ? "EGRESS_DENIED" : "FUNCTION_EGRESS_DENIED";
      if (first === undefined) callback(new EgressDeniedError(hostname, code), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
