/** The tokens of a pattern string (https://urlpattern.spec.whatwg.org/#tokens). Pure. */

export type TokenType =
  | "open"
  | "close"
  | "regexp"
  | "name"
  | "char"
  | "escaped-char"
  | "other-modifier"
  | "asterisk"
  | "end"
  | "invalid-char";

export interface Token {
  readonly type: TokenType;
  /** Where it begins, in code units. */
  readonly index: number;
  readonly value: string;
}

/** `strict` throws a TypeError where a pattern is malformed, `lenient` gives an `invalid-char` there. */
export type TokenizePolicy = "strict" | "lenient";

const nameStart = /^[$_\p{ID_Start}]$/u;
const namePart = /^[$_\u200c\u200d\p{ID_Continue}]$/u;
const plainTypes: Readonly<Record<string, TokenType>> = {
  __proto__: null as never,
  "*": "asterisk",
  "+": "other-modifier",
  "?": "other-modifier",
  "{": "open",
  "}": "close",
};

/** Whether a code point may begin or continue a name. */
export function isNameCodePoint(codePoint: string, place: "first" | "rest"): boolean {
  return (place === "first" ? nameStart : namePart).test(codePoint);
}

/** The tokens of `input`, the last of them `end`. @throws TypeError when `strict` and malformed. */
export function tokenize(input: string, policy: TokenizePolicy): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (type: TokenType, end: number, value: string = input.slice(at, end)): void => {
    tokens.push({ type, index: at, value });
    at = end;
  };
  const refuse = (end: number, reason: string): void => {
    if (policy === "strict") throw new TypeError(`Cannot parse the pattern ${JSON.stringify(input)}: ${reason}`);
    take("invalid-char", end);
  };
  while (at < input.length) {
    const codePoint = codePointAt(input, at);
    const next = at + codePoint.length;
    const plain = plainTypes[codePoint];
    if (plain !== undefined) take(plain, next);
    else if (codePoint === "\\") {
      if (next === input.length) refuse(next, "a backslash at the end");
      else {
        const escaped = codePointAt(input, next);
        take("escaped-char", next + escaped.length, escaped);
      }
    } else if (codePoint === ":") {
      const end = endOfName(input, next);
      if (end === next) refuse(next, `no name after ":" at ${at}`);
      else take("name", end, input.slice(next, end));
    } else if (codePoint === "(") {
      const group = readRegExp(input, next);
      if (group.problem === null) take("regexp", group.end, input.slice(next, group.end - 1));
      else refuse(next, group.problem);
    } else take("char", next);
  }
  take("end", at, "");
  return tokens;
}

export function codePointAt(text: string, index: number): string {
  return String.fromCodePoint(text.codePointAt(index) ?? 0);
}

function endOfName(input: string, start: number): number {
  let end = start;
  while (end < input.length) {
    const codePoint = codePointAt(input, end);
    if (!isNameCodePoint(codePoint, end === start ? "first" : "rest")) break;
    end += codePoint.length;
  }
  return end;
}

/** Where the regular expression that begins at `start` ends, its closing parenthesis included. */
function readRegExp(
  input: string,
  start: number,
): { readonly problem: string; readonly end?: never } | { readonly problem: null; readonly end: number } {
  let depth = 1;
  for (let at = start; at < input.length; at += 1) {
    const char = input.charAt(at);
    if (char > "\x7f") return { problem: `a regular expression holds a character beyond ASCII at ${at}` };
    if (at === start && char === "?") return { problem: `a regular expression begins with "?" at ${at}` };
    if (char === "\\") {
      at += 1;
      if (at === input.length) return { problem: "a backslash at the end" };
      if (input.charAt(at) > "\x7f") return { problem: `a regular expression holds a character beyond ASCII at ${at}` };
    } else if (char === ")") {
      depth -= 1;
      if (depth > 0) continue;
      return at === start ? { problem: `an empty regular expression at ${at}` } : { problem: null, end: at + 1 };
    } else if (char === "(") {
      depth += 1;
      if (input.charAt(at + 1) !== "?") return { problem: `a capturing group in a regular expression at ${at}` };
    }
  }
  return { problem: `the regular expression at ${start} does not end` };
}
