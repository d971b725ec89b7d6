/** One component of a pattern, compiled (https://urlpattern.spec.whatwg.org/#component). */
import { specialSchemes } from "./canonicalize.ts";
import { toPatternString, toRegExpSource } from "./generate.ts";
import { parsePartList, type Encoder, type PatternOptions } from "./part-list.ts";

export interface Component {
  readonly pattern: string;
  readonly names: readonly string[];
  readonly hasRegExpGroups: boolean;
  /** The groups of an input that matches, in the order of `names`; null when it does not. */
  match(input: string): readonly (string | undefined)[] | null;
}

export const plainOptions: PatternOptions = { delimiter: "", prefix: "", ignoreCase: false };
export const hostnameOptions: PatternOptions = { delimiter: ".", prefix: "", ignoreCase: false };
export const pathnameOptions: PatternOptions = { delimiter: "/", prefix: "/", ignoreCase: false };

// User code may replace it.
const execute = RegExp.prototype.exec;
const apply = Reflect.apply;

/** @throws TypeError for a malformed pattern. */
export function compileComponent(input: string, encode: Encoder, options: PatternOptions): Component {
  const parts = parsePartList(input, options, encode);
  const { source, names } = toRegExpSource(parts, options);
  const expression = compileRegExp(source, options.ignoreCase ? "vi" : "v");
  return {
    pattern: toPatternString(parts, options),
    names,
    hasRegExpGroups: parts.some(({ type }) => type === "regexp"),
    match(text) {
      const found = apply(execute, expression, [text]);
      return found === null ? null : found.slice(1);
    },
  };
}

export function matchesSpecialScheme(protocol: Component): boolean {
  return specialSchemes.some((scheme) => protocol.match(scheme) !== null);
}

function compileRegExp(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "not a regular expression";
    throw new TypeError(`Cannot compile the pattern: ${reason}`, { cause: error });
  }
}
