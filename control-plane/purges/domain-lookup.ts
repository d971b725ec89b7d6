/** Which configured domain serves a host name: the exact one, else the wildcard with the longest suffix, as nodes find it. */
import type { DomainLookup } from "../../sdk/purge-parser.ts";
import type { DomainView } from "../store.ts";

/** Looks each host name up once. */
export function domainLookup(domains: DomainView): DomainLookup {
  const found = new Map<string, Promise<string | null>>();
  return {
    findDomain: (hostname) => {
      const known = found.get(hostname) ?? findDomain(domains, hostname);
      found.set(hostname, known);
      return known;
    },
    isDomain: async (name) => (await domains.get(name)) !== null,
  };
}

async function findDomain(domains: DomainView, hostname: string): Promise<string | null> {
  const labels = hostname.split(".");
  const wildcards = labels.slice(1).map((_label, index) => `*.${labels.slice(index + 1).join(".")}`);
  for (const name of [hostname, ...wildcards]) if ((await domains.get(name)) !== null) return name;
  return null;
}
