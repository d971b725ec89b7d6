/**
 * Every part (a folder here, `<name>/main.ts`), and which of its exports are globals.
 * The imports are types alone: nothing of a part is in the core.
 */
import { definePartGlobal } from "./load-part.ts";

/** Part → what its main.ts exports: `readonly "name": typeof import("./name/main.ts")`. */
// eslint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type -- no part yet
export interface PartExports {}

export type PartName = keyof PartExports;

/** Part → exports that are globals of the same name. */
export const partGlobals: { readonly [Name in PartName]: readonly (keyof PartExports[Name] & string)[] } = {};

/** Defines the globals of all parts on `target`; none is loaded by that. */
export function installPartGlobals(target: object): void {
  for (const [part, names] of Object.entries<readonly string[]>(partGlobals)) {
    for (const name of names) definePartGlobal(target, part as PartName, name as never);
  }
}
