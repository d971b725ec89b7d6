/**
 * The guest as the build step leaves it (`.build/guest-code.json`): the script every isolate runs first, and the parts that are loaded
 * into one when it first uses them (runtime/guest/parts). One file, because a part fits only the script that it was bundled with.
 */

export interface GuestCode {
  readonly script: string;
  /** Name → source: an expression whose value is a function (`PartFactory` in guest/parts/load-part.ts). */
  readonly parts: ReadonlyMap<string, string>;
}

/** Reads the text of that file. @throws an Error when it is something else. */
export function parseGuestCode(text: string): GuestCode {
  const value = JSON.parse(text) as { readonly script?: unknown; readonly parts?: unknown } | null;
  const { script, parts } = value ?? {};
  if (typeof script !== "string" || typeof parts !== "object" || parts === null) {
    throw new Error("Cannot read the guest's code: it is not a script with parts; npm run build makes it");
  }
  const entries = Object.entries(parts as Readonly<Record<string, unknown>>);
  return {
    script,
    parts: new Map(
      entries.map(([name, source]) => {
        if (typeof source !== "string") throw new Error(`Cannot read the guest's code: part ${name} has no source`);
        return [name, source];
      }),
    ),
  };
}
