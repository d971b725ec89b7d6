/** The global `structuredClone`, which is a part. */
import { loadPart } from "../../parts/load-part.ts";

export function structuredClone<T>(
  ...parameters: [value: T, options?: { readonly transfer?: Iterable<object> } | null]
): T {
  return loadPart("structured-clone").structuredClone(...parameters);
}
