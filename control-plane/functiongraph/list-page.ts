/** Pages of lists: `marker`, the place of the first item, and `maxitems` (interfaces.md §3.4). Pure. */
import { invalid } from "./function-settings.ts";

export type Query = Readonly<Record<string, string | undefined>>;

/** Items of one page. */
export const pageItemsMax = 400;

export interface Page {
  readonly marker: number;
  readonly size: number;
}

/** @throws FgsError FSS.0400. */
export function readPage(query: Query): Page {
  const marker = readCount(query["marker"], "marker") ?? 0;
  const items = readCount(query["maxitems"], "maxitems") ?? pageItemsMax;
  return { marker, size: items === 0 || items > pageItemsMax ? pageItemsMax : items };
}

/** What the page holds of `items`, and what is said beside it. */
export function cutPage<T>(
  items: readonly T[],
  { marker, size }: Page,
): { readonly shown: readonly T[]; readonly next_marker: number; readonly count: number } {
  const shown = items.slice(marker, marker + size);
  return { shown, next_marker: marker + shown.length, count: items.length };
}

function readCount(text: string | undefined, key: string): number | null {
  if (text === undefined || text === "") return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalid("FSS.0400", key, { received: text, allowed: "an integer from 0 on" });
}
