/**
 * Writes the source of a small function: hello with so much text in it that the bundle has about 1 KB.
 *
 * Pure and deterministic. The text is part of an answer, so that no bundler may leave it out.
 */

const TEXT_CHARS = 780;

/** The module's source; `number` makes one function differ from another. */
export function oneKilobyteSource(number: number): string {
  const text = `This is function ${number}. `.padEnd(TEXT_CHARS, "It holds text. ");
  return `export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/text") return new Response("${text}");
    return new Response("Function ${number} at " + pathname, { headers: { "x-hello": "edge" } });
  },
};
`;
}

/** What that function answers for a path other than `/text`. */
export function oneKilobyteAnswer(number: number, path: string): string {
  return `Function ${number} at ${path}`;
}
