/** Bounds of one HTMLRewriter. A page that passes one breaks its transformed body off with a RangeError. */

/** One tag, comment or doctype. Text has no bound: it streams. */
export const tokenBytesMax: number = 1_048_576;
/** Elements open at once. */
export const openElementsMax: number = 65_536;
/** Calls of on() and onDocument() together. */
export const handlersMax: number = 1_000;
/** One selector, characters. */
export const selectorCharsMax: number = 4_096;
/** Compound selectors in all selectors together. */
export const compoundsMax: number = 4_096;
