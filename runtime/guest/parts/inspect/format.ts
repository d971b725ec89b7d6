/** The arguments of a console call as one line (https://console.spec.whatwg.org/#formatter). */
import { inspect } from "./inspect.ts";

const CHARS_MAX = 16_384;

export function formatLog(values: readonly unknown[]): string {
  const [first, ...rest] = values;
  const formatted = typeof first === "string" && rest.length > 0 ? substitute(first, rest) : { text: null, used: 0 };
  const parts = formatted.text === null ? [] : [formatted.text];
  const left = formatted.text === null ? values : rest.slice(formatted.used);
  let chars = 0;
  for (const value of left) {
    if (chars > CHARS_MAX) break;
    const part = typeof value === "string" ? value : inspect(value, { charsMax: CHARS_MAX - chars });
    chars += part.length;
    parts.push(part);
  }
  const text = parts.join(" ");
  return text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX - 1)}…` : text;
}

function substitute(format: string, values: readonly unknown[]): { readonly text: string; readonly used: number } {
  let used = 0;
  const text = format.replaceAll(/%[sdifoOcj%]/g, (directive) => {
    if (directive === "%%") return "%";
    if (used >= values.length) return directive;
    return convert(directive, values[used++]);
  });
  return { text, used };
}

function convert(directive: string, value: unknown): string {
  switch (directive) {
    case "%s":
      return typeof value === "string" ? value : inspect(value, { depth: 0 });
    case "%d":
    case "%f":
      return typeof value === "bigint" ? `${String(value)}n` : numberText(value, Number);
    case "%i":
      return typeof value === "bigint" ? `${String(value)}n` : numberText(value, parseWhole);
    case "%c":
      return "";
    case "%o":
      return inspect(value, { depth: 4 });
    default:
      return inspect(value);
  }
}

function parseWhole(value: unknown): number {
  return Number.parseInt(String(value), 10);
}

function numberText(value: unknown, convertNumber: (value: unknown) => number): string {
  if (typeof value === "symbol" || typeof value === "object") return "NaN";
  const number = convertNumber(value);
  return Object.is(number, -0) ? "-0" : String(number);
}
