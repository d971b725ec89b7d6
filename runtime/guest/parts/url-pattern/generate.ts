/** A part list as a regular expression and as a pattern string again (https://urlpattern.spec.whatwg.org/#converting-part-lists-to-regular-expressions). Pure. */
import { escapeRegExp, fullWildcard, segmentWildcard, type Part, type PatternOptions } from "./part-list.ts";
import { codePointAt, isNameCodePoint } from "./tokens.ts";

/** The source of the expression, and the names of its groups in order. */
export function toRegExpSource(
  parts: readonly Part[],
  options: PatternOptions,
): { readonly source: string; readonly names: readonly string[] } {
  const names = parts.filter(({ type }) => type !== "fixed-text").map(({ name }) => name);
  return { source: `^${parts.map((part) => partSource(part, options)).join("")}$`, names };
}

function partSource(part: Part, options: PatternOptions): string {
  const { type, modifier } = part;
  if (type === "fixed-text") {
    const text = escapeRegExp(part.value);
    return modifier === "" ? text : `(?:${text})${modifier}`;
  }
  const source =
    type === "segment-wildcard" ? segmentWildcard(options) : type === "full-wildcard" ? fullWildcard : part.value;
  const isOnce = modifier === "" || modifier === "?";
  const [prefix, suffix] = [escapeRegExp(part.prefix), escapeRegExp(part.suffix)];
  if (prefix === "" && suffix === "") return isOnce ? `(${source})${modifier}` : `((?:${source})${modifier})`;
  if (isOnce) return `(?:${prefix}(${source})${suffix})${modifier}`;
  const repeated = `(?:${prefix}((?:${source})(?:${suffix}${prefix}(?:${source}))*)${suffix})`;
  return modifier === "*" ? `${repeated}?` : repeated;
}

export function escapePattern(text: string): string {
  return text.replaceAll(/[+*?:{}()\\]/g, "\\$&");
}

/** The shortest pattern that gives the same parts. */
export function toPatternString(parts: readonly Part[], options: PatternOptions): string {
  return parts.map((_part, index) => patternOf(parts, index, options)).join("");
}

function patternOf(parts: readonly Part[], index: number, options: PatternOptions): string {
  const part = parts[index];
  if (part === undefined) return "";
  const { modifier } = part;
  if (part.type === "fixed-text") {
    const text = escapePattern(part.value);
    return modifier === "" ? text : `{${text}}${modifier}`;
  }
  const isGrouped = needsGrouping(parts, index, options);
  const body = `${escapePattern(part.prefix)}${groupOf(parts, index, { isGrouped, options })}${escapePattern(part.suffix)}`;
  return isGrouped ? `{${body}}${modifier}` : `${body}${modifier}`;
}

function needsGrouping(parts: readonly Part[], index: number, options: PatternOptions): boolean {
  const part = parts[index];
  if (part === undefined) return false;
  const next = parts[index + 1];
  const previous = parts[index - 1];
  if (part.suffix !== "" || (part.prefix !== "" && part.prefix !== options.prefix)) return true;
  const isPlainName = hasCustomName(part) && part.type === "segment-wildcard" && part.modifier === "";
  if (isPlainName && next?.prefix === "" && next.suffix === "") {
    const continuesName =
      next.type === "fixed-text" ? isNameCodePoint(codePointAt(next.value, 0), "rest") : !hasCustomName(next);
    if (continuesName) return true;
  }
  return (
    part.prefix === "" &&
    previous?.type === "fixed-text" &&
    options.prefix !== "" &&
    previous.value.endsWith(options.prefix)
  );
}

function groupOf(
  parts: readonly Part[],
  index: number,
  { isGrouped, options }: { readonly isGrouped: boolean; readonly options: PatternOptions },
): string {
  const part = parts[index];
  if (part === undefined) return "";
  const isNamed = hasCustomName(part);
  const name = isNamed ? `:${part.name}` : "";
  switch (part.type) {
    case "regexp":
      return `${name}(${part.value})`;
    case "segment-wildcard": {
      if (!isNamed) return `(${segmentWildcard(options)})`;
      const continues = part.suffix !== "" && isNameCodePoint(codePointAt(part.suffix, 0), "rest");
      return continues ? `${name}\\` : name;
    }
    case "full-wildcard": {
      const previous = parts[index - 1];
      const isFree = previous === undefined || previous.type === "fixed-text" || previous.modifier !== "";
      const isStar = !isNamed && (isFree || isGrouped || part.prefix !== "");
      return isStar ? "*" : `${name}(${fullWildcard})`;
    }
    case "fixed-text":
      return "";
  }
}

function hasCustomName({ name }: Part): boolean {
  return name !== "" && !/^[0-9]/.test(name);
}
