/**
 * Which addresses a node or the control plane may connect to on somebody's behalf: public ones, and the networks their own configuration names.
 *
 * Judges addresses only, never names: the connector asks about the address it is about to connect to, so a name that resolves
 * differently the second time gains nothing. Invariant: what is not known to be public is refused.
 */
import ipaddr from "ipaddr.js";

export interface EgressPolicy {
  /** Whether an IP address (not a name) may be connected to. */
  allows(address: string): boolean;
}

export interface EgressPolicyOptions {
  /** CIDR networks allowed beside public addresses, for example `127.0.0.0/8`. Default none. */
  readonly allowNetworks?: readonly string[];
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

/** IPv6 unicast that is routed at all (RFC 3587 §2); everything else in IPv6 is special. */
const globalUnicast: Network = [ipaddr.parse("2000::"), 3];

/** Public by range and yet the cloud's own: Azure's metadata and DHCP address. */
const refused = new Set(["168.63.129.16"]);

/** Builds a policy. Throws when a network is not in CIDR notation. */
export function createEgressPolicy(options: EgressPolicyOptions = {}): EgressPolicy {
  const networks = (options.allowNetworks ?? []).map(parseNetwork);
  return {
    allows(address) {
      if (!ipaddr.isValid(address)) return false;
      const parsed = ipaddr.process(address);
      return networks.some((network) => contains(network, parsed)) || isPublic(parsed);
    },
  };
}

function parseNetwork(text: string): Network {
  try {
    const [address, bits] = ipaddr.parseCIDR(text);
    if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96) {
      return [address.toIPv4Address(), bits - 96];
    }
    return [address, bits];
  } catch (error) {
    throw new Error(`Cannot read a network: expected CIDR notation such as 10.0.0.0/8: received ${text}`, {
      cause: error,
    });
  }
}

function contains([network, bits]: Network, address: Address): boolean {
  return network.kind() === address.kind() && address.match(network, bits);
}

function isPublic(address: Address): boolean {
  if (address.range() !== "unicast" || refused.has(address.toString())) return false;
  return address instanceof ipaddr.IPv4 || contains(globalUnicast, address);
}
