/** JSON with comments and trailing commas, as tsconfig.json files are written. Linear in the length of the text. */

/** @throws {SyntaxError} when the text is not JSON apart from comments and trailing commas. */
export function parseJsonc(text: string): unknown {
  return JSON.parse(withoutTrailingCommas(withoutComments(text.replace(/^\uFEFF/, ""))));
}

/** Copies strings unseen and hands everything between them to `between`. */
function mapOutsideStrings(text: string, between: (part: string) => string): string {
  let result = "";
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '"') continue;
    const end = endOfString(text, at);
    result += between(text.slice(from, at)) + text.slice(at, end);
    from = end;
    at = end - 1;
  }
  return result + between(text.slice(from));
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function withoutComments(text: string): string {
  let result = "";
  for (let at = 0; at < text.length;) {
    if (text[at] === '"') {
      const end = endOfString(text, at);
      result += text.slice(at, end);
      at = end;
    } else if (text.startsWith("//", at)) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (text.startsWith("/*", at)) {
      const end = text.indexOf("*/", at + 2);
      at = end < 0 ? text.length : end + 2;
      result += " ";
    } else {
      result += text[at] ?? "";
      at += 1;
    }
  }
  return result;
}

function withoutTrailingCommas(text: string): string {
  return mapOutsideStrings(text, (part) => part.replaceAll(/,(?=\s*[}\]])/g, ""));
}
