/** Which domains have their requests counted. Knows no counters. */
import type { Routing } from "./routing.ts";

/** The domains whose requests are counted by client address. */
export function limitedDomains({ domains }: Routing): readonly string[] {
  return domains.filter(({ policy }) => policy?.access?.qps !== undefined).map(({ config }) => config.domain);
}
