/**
 * Every version that nodes must be able to run: those that aliases, rules and `latest` name, and those that these call by version, and so on.
 *
 * Invariant: the newest version of each function stays the last of its function.
 */
import type { VersionRow, VersionView } from "../store.ts";

export async function listRoutedVersions(versions: VersionView): Promise<readonly VersionRow[]> {
  const referenced = await versions.listReferenced();
  const known = new Set(referenced.map(nameOf));
  const called: VersionRow[] = [];
  for (let round = referenced; round.length > 0;) {
    const next: VersionRow[] = [];
    for (const target of round.flatMap(({ services }) => Object.values(services))) {
      if (target.version === undefined || target.version === "latest") continue;
      const name = nameOf(target);
      if (known.has(name)) continue;
      known.add(name);
      // A target that was deleted since has nothing to run.
      const row = await versions.get(target.function, target.version);
      if (row !== null) next.push(row);
    }
    called.push(...next);
    round = next;
  }
  return [...called, ...referenced];
}

function nameOf({ function: name, version }: { readonly function: string; readonly version: string }): string {
  return `${name} ${version}`;
}
