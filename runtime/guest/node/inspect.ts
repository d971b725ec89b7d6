/** `util.inspect` and `util.format`: the console's own inspector without its bound, and with `[util.inspect.custom]`. */
import { inspect as show } from "../parts/inspect/inspect.ts";

const custom: symbol = Symbol.for("nodejs.util.inspect.custom");

export interface InspectOptions {
  /** Levels of nested objects shown; null or Infinity: all. Default 2. */
  readonly depth?: number | null;
  readonly [option: string]: unknown;
}

type CustomInspect = (this: unknown, depth: number, options: InspectOptions, inspect: Inspect) => unknown;

export interface Inspect {
  (value: unknown, options?: InspectOptions | boolean, depth?: number | null): string;
  readonly custom: symbol;
  readonly defaultOptions: { depth: number | null };
}

const LEVELS_MAX = 1_000;

/** `options` as a boolean is the old form (showHidden, depth); what is hidden stays so. */
function inspectAny(value: unknown, options: InspectOptions | boolean = {}, oldDepth?: number | null): string {
  const old: InspectOptions = oldDepth === undefined ? {} : { depth: oldDepth };
  const given = typeof options === "object" ? options : old;
  const depth = Math.min(
    (given.depth === undefined ? inspect.defaultOptions.depth : given.depth) ?? LEVELS_MAX,
    LEVELS_MAX,
  );
  return show(value, {
    depth,
    charsMax: Number.POSITIVE_INFINITY,
    custom: (object, level) => customText(object, depth - level, given),
  });
}

export const inspect: Inspect = Object.assign(inspectAny, { custom, defaultOptions: { depth: 2 } });
Object.defineProperty(inspectAny, "name", { value: "inspect", configurable: true });

function customText(object: object, depth: number, options: InspectOptions): string | undefined {
  const own: unknown = Reflect.get(object, custom);
  if (typeof own !== "function" || options["customInspect"] === false) return undefined;
  const shown: unknown = Reflect.apply(own as CustomInspect, object, [depth, { ...options, depth }, inspect]);
  if (shown === object) return undefined;
  return typeof shown === "string" ? shown : inspect(shown, { ...options, depth });
}

/** Like printf (https://nodejs.org/api/util.html#utilformatformat-args). */
export function format(...values: readonly unknown[]): string {
  return formatWithOptions({}, ...values);
}

export function formatWithOptions(options: InspectOptions, ...values: readonly unknown[]): string {
  const [first, ...rest] = values;
  let used = 0;
  const parts: string[] = [];
  if (typeof first === "string") {
    const text =
      rest.length === 0
        ? first
        : first.replaceAll(/%[sdifjoOc%]/g, (directive) => {
            if (directive === "%%") return "%";
            if (used >= rest.length) return directive;
            return convert(directive, rest[used++], options);
          });
    parts.push(text);
  }
  const left = typeof first === "string" ? rest.slice(used) : values;
  for (const value of left) parts.push(typeof value === "string" ? value : inspect(value, options));
  return parts.join(" ");
}

function convert(directive: string, value: unknown, options: InspectOptions): string {
  switch (directive) {
    case "%s":
      return textOf(value);
    case "%d":
      return typeof value === "object" ? numberText(Number(value)) : numeric(value, Number);
    case "%i":
      return numeric(value, (text) => Number.parseInt(String(text), 10));
    case "%f":
      return typeof value === "symbol" ? "NaN" : numberText(Number.parseFloat(String(value)));
    case "%j":
      return jsonOf(value);
    case "%c":
      return "";
    case "%o":
      return inspect(value, { ...options, depth: 4 });
    default:
      return inspect(value, options);
  }
}

function textOf(value: unknown): string {
  if (typeof value === "number") return numberText(value);
  if (typeof value === "bigint") return `${String(value)}n`;
  if (typeof value !== "object" || value === null) return String(value);
  const { toString } = value;
  const isOwn =
    typeof toString === "function" && toString !== Object.prototype.toString && toString !== Array.prototype.toString;
  return isOwn && !(value instanceof Date) ? String(value) : inspect(value, { depth: 0 });
}

function numeric(value: unknown, read: (value: unknown) => number): string {
  if (typeof value === "bigint") return `${String(value)}n`;
  return typeof value === "symbol" ? "NaN" : numberText(read(value));
}

function numberText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof TypeError && error.message.includes("circular")) return "[Circular]";
    throw error;
  }
}
