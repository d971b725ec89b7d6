/** Proxies whose word about their clients is taken. */
import { createAddressSet, type AddressSet } from "../policy/address-set.ts";

/** Undefined: nobody's. `networks` in CIDR form. */
export function createTrustedProxies(networks: readonly string[] = []): AddressSet | undefined {
  return networks.length === 0 ? undefined : createAddressSet(networks);
}
