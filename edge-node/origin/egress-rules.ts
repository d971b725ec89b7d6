/**
 * A function version's egress lists as a front judges by them: which addresses it may connect to at a host and port.
 *
 * Names are judged before anything is looked up, so that a refused name is not even asked for; networks by the address of each connection, like the
 * node's own policy and beside it. Invariants: `deny` wins; nothing here allows what the node's policy refuses.
 */
import ipaddr from "ipaddr.js";
import { parseEgressEntry, type Egress, type EgressEntry } from "../../sdk/egress.ts";

/** What of a place's addresses may be connected to. */
export interface AddressRules {
  /** Equal for rules that judge alike: connections are shared among those only. */
  readonly key: string;
  /** Not one of them. */
  readonly isNone: boolean;
  /** `address`: an IP address. */
  allows(address: string): boolean;
}

export interface EgressRules {
  /** `hostname` as a URL parser gives it, with the brackets of IPv6. Null: every address that the node allows. */
  judge(hostname: string, port: number): AddressRules | null;
}

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Null: no lists, nothing to judge. Throws for entries that `parseEgress` refuses. */
export function compileEgress({ allow, deny }: Egress): EgressRules | null {
  if (allow === null && deny.length === 0) return null;
  const allowed = allow?.map(readEntry) ?? null;
  const denied = deny.map(readEntry);
  return {
    judge: (hostname, port) => {
      // The root's dot changes nothing about where a name leads.
      const name = hostname.replace(/\.$/, "");
      const refusing = entriesFor(denied, { name, port });
      if (refusing.all) return none;
      const admitting = allowed === null ? { all: true, networks: [] } : entriesFor(allowed, { name, port });
      return addressRules({ within: admitting.all ? null : admitting.networks, without: refusing.networks });
    },
  };
}

/** What `rules` say of the place that `url` (http or https) is asked at. */
export function judgePlace(rules: EgressRules | null, url: URL): AddressRules | null {
  if (rules === null) return null;
  const standard = url.protocol === "https:" || url.protocol === "wss:" ? 443 : 80;
  return rules.judge(url.hostname, url.port === "" ? standard : Number(url.port));
}

/** A place that is refused whatever its address is. */
const none: AddressRules = { key: "none", isNone: true, allows: () => false };

/** The entries that speak of a place: whether one of them means it as a whole, else the networks they name. */
function entriesFor(
  entries: readonly EgressEntry[],
  { name, port }: { readonly name: string; readonly port: number },
): { readonly all: boolean; readonly networks: readonly Network[] } {
  const networks: Network[] = [];
  for (const entry of entries) {
    if (entry.port !== null && entry.port !== port) continue;
    switch (entry.kind) {
      case "any":
        return { all: true, networks: [] };
      case "name":
        if (entry.name === name) return { all: true, networks: [] };
        break;
      case "suffix":
        if (name.endsWith(entry.suffix) && name.length > entry.suffix.length) return { all: true, networks: [] };
        break;
      case "network":
        networks.push(networkOf(entry));
    }
  }
  return { all: false, networks };
}

function addressRules(of: {
  readonly within: readonly Network[] | null;
  readonly without: readonly Network[];
}): AddressRules | null {
  const { within, without } = of;
  if (within === null && without.length === 0) return null;
  if (within !== null && within.length === 0) return none;
  const text = (networks: readonly Network[]): string =>
    networks.map(([address, bits]) => `${address.toString()}/${bits}`).join();
  return {
    key: `${within === null ? "*" : text(within)}-${text(without)}`,
    isNone: false,
    allows: (address) => {
      if (!ipaddr.isValid(address)) return false;
      const parsed = ipaddr.process(address);
      const isIn = ([network, bits]: Network): boolean =>
        network.kind() === parsed.kind() && parsed.match([network, bits] as [typeof parsed, number]);
      return !without.some(isIn) && (within === null || within.some(isIn));
    },
  };
}

/** IPv4 in IPv6 is the IPv4 network: that is how addresses are judged. */
function networkOf({ address, prefixBits }: Extract<EgressEntry, { kind: "network" }>): Network {
  const parsed = ipaddr.parse(address);
  const isMapped = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() && prefixBits >= 96;
  return isMapped ? [parsed.toIPv4Address(), prefixBits - 96] : [parsed, prefixBits];
}

function readEntry(text: string): EgressEntry {
  const entry = parseEgressEntry(text);
  if (entry === null) throw new Error(`Cannot read an egress entry: ${text.slice(0, 300)}`);
  return entry;
}
