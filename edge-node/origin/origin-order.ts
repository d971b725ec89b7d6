/**
 * In which order a domain's origins are tried: larger priority first, among equals a random order weighted by `weight`.
 */
import type { DomainSource } from "../../sdk/domain.ts";

/** All sources, each once. `random` gives numbers in [0, 1). */
export function orderSources(sources: readonly DomainSource[], random: () => number): readonly DomainSource[] {
  if (sources.length < 2) return sources;
  const result: DomainSource[] = [];
  const rest = [...sources].sort((a, b) => b.priority - a.priority);
  while (rest.length > 0) {
    const group = rest.filter((source) => source.priority === rest[0]?.priority);
    rest.splice(0, group.length);
    while (group.length > 0) result.push(...group.splice(weightedIndex(group, random()), 1));
  }
  return result;
}

function weightedIndex(group: readonly DomainSource[], random: number): number {
  let left = random * group.reduce((sum, source) => sum + source.weight, 0);
  for (const [index, source] of group.entries()) {
    left -= source.weight;
    if (left < 0) return index;
  }
  return group.length - 1;
}
