/** Looks at some settings before all are read, such as those that must be checked together. */
import type { Setting, SettingSources } from "../../sdk/settings.ts";

/** The sources with nothing in them but what `named` names. */
export function onlySettings(named: readonly Setting[], sources: SettingSources): SettingSources {
  const { file, flags } = sources;
  const pick = <T>(from: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
    Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
  const isObject = typeof file === "object" && file !== null && !Array.isArray(file);
  return {
    ...sources,
    file: isObject
      ? pick(
          file as Record<string, unknown>,
          named.map(({ key }) => key),
        )
      : undefined,
    flags: pick(
      flags,
      named.map(({ flag }) => flag),
    ),
  };
}
