/**
 * Finds `import("./" + x)` and `require(\`../${x}\`)`: imports of a pattern of names.
 *
 * esbuild answers a pattern by listing directories of this machine, past every plugin; this is the one way around `SourceLoader`, so such
 * calls never reach it. They are looked for in code that esbuild printed itself, where escapes, casts and parentheses are gone.
 * Invariant: when in doubt a call counts as a pattern. Linear in the length of the code.
 */

const argumentCharsMax = 10_000;

/** In the place of `import`, whose call esbuild refuses to print with a second argument. */
const failingImport = `(() => Promise.reject(new TypeError("import() of a pattern of names cannot be bundled")))(`;

/** Whether printing `code` for `neutralisePatterns` can be saved: every import in it names one module in plain sight. */
export function isFreeOfPatterns(code: string): boolean {
  const rest = code.replaceAll(/(?<![\w$.#])(?:import|require)\(\s*(?:"[^"\\\n]*"|'[^'\\\n]*')\s*\)/g, "");
  // A call of import may have comments before its parenthesis; `require` may be cast, escaped or in parentheses.
  return !/\bimport\s*[(/]|require|\\u/.test(rest);
}

/** `printed` with every pattern turned into a call that esbuild leaves alone and that fails when it runs; null when none. */
export function neutralisePatterns(printed: string): string | null {
  let result = "";
  let copied = 0;
  for (const match of printed.matchAll(/(?<![\w$.#])(?:import|require)(?:\?\.)?\(/g)) {
    const start = match.index + match[0].length;
    if (!isPattern(printed, start)) continue;
    const isImport = match[0].startsWith("import");
    result += isImport ? printed.slice(copied, match.index) + failingImport : `${printed.slice(copied, start)}0, `;
    copied = start;
  }
  return copied === 0 ? null : result + printed.slice(copied);
}

/** Where the author wrote the first call that looks like a pattern: a guess for the message only. */
export function likelyPatternAt(code: string): number | null {
  for (const match of code.matchAll(/(?<![\w$.#])(?:import|require)\s*\(/g)) {
    if (isPattern(code, match.index + match[0].length)) return match.index;
  }
  return null;
}

/** Whether the first argument that starts at `start` is put together from parts. */
function isPattern(code: string, start: number): boolean {
  const end = Math.min(code.length, start + argumentCharsMax);
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    const char = code[at];
    if (char === '"' || char === "'" || char === "`") {
      const close = endOfLiteral(code, { start: at, end });
      if (close === null) return true;
      at = close;
    } else if (char === "/" && code[at + 1] === "*") {
      const close = code.slice(at + 2, end).indexOf("*/");
      if (close < 0) return true;
      at += close + 3;
    } else if (char === "+" || char === "/") {
      return true;
    } else if (char === "(" || char === "[" || char === "{") {
      depth += 1;
    } else if (char === ")" || char === "]" || char === "}") {
      if (depth === 0) return false;
      depth -= 1;
    } else if (char === "," && depth === 0) {
      return false;
    }
  }
  return true;
}

/** The index of the closing quote; null when the literal has parts or does not end in time. */
function endOfLiteral(code: string, { start, end }: { readonly start: number; readonly end: number }): number | null {
  const quote = code[start];
  for (let at = start + 1; at < end; at += 1) {
    const char = code[at];
    if (char === "\\") at += 1;
    else if (char === quote) return at;
    else if (quote === "`" && char === "$" && code[at + 1] === "{") return null;
  }
  return null;
}
