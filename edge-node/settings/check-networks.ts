/** Whether the networks a setting lists are in CIDR notation, as the parser that will use them understands it. */
import type { Problem } from "../../sdk/problem.ts";
import { parseSettings, type Setting, type SettingSources } from "../../sdk/settings.ts";
import { createEgressPolicy } from "../../sdk/egress-policy.ts";
import { onlySettings } from "./only-settings.ts";

/** A problem for each network that is not. */
export function checkNetworks(
  key: string,
  { settings, sources }: { readonly settings: readonly Setting[]; readonly sources: SettingSources },
): readonly Problem[] {
  const named = settings.filter((setting) => setting.key === key);
  const given = parseSettings(named, onlySettings(named, sources));
  if (!given.ok) return [];
  const networks = Object.values(given.value).flat() as string[];
  return networks.flatMap((network) => {
    try {
      createEgressPolicy({ allowNetworks: [network] });
      return [];
    } catch {
      return [{ path: `node.${key}`, message: `received "${network}", allowed: CIDR notation such as 10.0.0.0/8` }];
    }
  });
}
