/** The ASCII that HTML's syntax is made of. */

export const byte = {
  bang: 0x21,
  doubleQuote: 0x22,
  singleQuote: 0x27,
  dash: 0x2d,
  slash: 0x2f,
  less: 0x3c,
  equals: 0x3d,
  greater: 0x3e,
  question: 0x3f,
  closeBracket: 0x5d,
} as const;

/** Tab, line feed, form feed, carriage return, space: what separates in tags. */
export function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x09 || c === 0x0d || c === 0x0c;
}

export function isAlpha(c: number): boolean {
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** Whether `word` stands at `at`, letters in any case unless `word` has capital ones. */
export function sameName(bytes: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    const c = bytes[at + i] as number;
    const lower = c >= 0x41 && c <= 0x5a ? c | 0x20 : c;
    const wanted = word.charCodeAt(i);
    if (wanted !== (wanted >= 0x41 && wanted <= 0x5a ? c : lower)) return false;
  }
  return true;
}
