/** The text of a place in the line of purges, as it stands in a query: `SEQUENCE.ID`. */
import type { PurgePosition } from "./purge.ts";

/** Nothing was purged yet. */
export const noPurges: PurgePosition = Object.freeze({ sequence: 0, id: "" });

/** What `parsePurgePosition` reads. */
export const purgePositionPattern = "^[0-9]{1,15}\\.[A-Za-z0-9-]{0,64}$";

export function formatPurgePosition({ sequence, id }: PurgePosition): string {
  return `${sequence}.${id}`;
}

/** Null when the text is none. */
export function parsePurgePosition(text: string): PurgePosition | null {
  if (!new RegExp(purgePositionPattern).test(text)) return null;
  const dot = text.indexOf(".");
  return { sequence: Number(text.slice(0, dot)), id: text.slice(dot + 1) };
}
