/**
 * In which order a domain's origins are tried when all are well: larger priority first, among equals a random order weighted by `weight`.
 */
import type { CompiledSource } from "./domain-origins.ts";

/** All sources, each once. `random` gives numbers in [0, 1). */
export function orderSources(sources: readonly CompiledSource[], random: () => number): readonly CompiledSource[] {
  if (sources.length < 2) return sources;
  const result: CompiledSource[] = [];
  const rest = [...sources].sort((a, b) => b.source.priority - a.source.priority);
  while (rest.length > 0) {
    const group = rest.filter(({ source }) => source.priority === rest[0]?.source.priority);
    rest.splice(0, group.length);
    while (group.length > 0) result.push(...group.splice(weightedIndex(group, random()), 1));
  }
  return result;
}

function weightedIndex(group: readonly CompiledSource[], random: number): number {
  let left = random * group.reduce((sum, { source }) => sum + source.weight, 0);
  for (const [index, { source }] of group.entries()) {
    left -= source.weight;
    if (left < 0) return index;
  }
  return group.length - 1;
}
