/** Pages of lists: `marker`, the place of the first item, and `maxitems` (interfaces.md §3.4). Pure. */
import { queryInteger } from "./query-integer.ts";

export type Query = Readonly<Record<string, string | undefined>>;

/** Items of one page. */
export const pageItemsMax = 400;

export interface Page {
  readonly marker: number;
  readonly size: number;
}

/** @throws FgsError FSS.0400. */
export function readPage(query: Query): Page {
  const marker = queryInteger(query["marker"], { key: "marker", min: 0, default: 0 });
  const items = queryInteger(query["maxitems"], { key: "maxitems", min: 0, default: pageItemsMax });
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
