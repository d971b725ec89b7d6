/** Entries whose heads say what they are, so that whoever reads one can tell whether it is right. Imports no test runner: programs use it, too. */
import { bodyOf } from "./disk-bodies.ts";

export interface DescribedEntry {
  readonly head: string;
  readonly body: Buffer;
}

export function describedEntry(key: string, version: number): DescribedEntry {
  const bytes = version % 5 === 0 ? version % 700_000 : version % 20_000;
  return { head: JSON.stringify({ key, version }), body: bodyOf(version, bytes) };
}

/** The version, when `entry` is what its head says it is and stands under its own key. */
export function versionOf(key: string, entry: DescribedEntry): number | undefined {
  const said = JSON.parse(entry.head) as { readonly key: string; readonly version: number };
  const isRight = said.key === key && describedEntry(key, said.version).body.equals(entry.body);
  return isRight ? said.version : undefined;
}

/** 31 bits, never 0 for a start that is not 0. */
export function nextRandom(random: number): number {
  return (Math.imul(random, 48_271) >>> 0) % 2_147_483_647 || 1;
}
