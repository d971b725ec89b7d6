/**
 * Which file of a package an `exports` or `imports` field names: Node's PACKAGE_EXPORTS_RESOLVE and PACKAGE_IMPORTS_RESOLVE
 * (https://nodejs.org/api/esm.html#resolution-algorithm-specification), without touching any file.
 */
import { isRecord } from "./package-json.ts";

const depthMax = 32;

/** `./file` in the package, a bare specifier (`imports` only), or null when the field allows nothing for this key. */
export function packageTarget(
  field: unknown,
  options: { readonly key: string; readonly conditions: readonly string[]; readonly kind: "exports" | "imports" },
): string | null {
  const table = options.kind === "exports" ? subpathTable(field) : field;
  if (!isRecord(table)) return null;
  const { key, conditions, kind } = options;
  if (Object.hasOwn(table, key) && !key.includes("*") && !key.endsWith("/")) {
    return resolveTarget(table[key], { star: null, conditions, kind, depth: 0 });
  }
  const pattern = bestPattern(Object.keys(table), key);
  if (pattern === null) return null;
  const [head = "", tail = ""] = pattern.split("*");
  const star = key.slice(head.length, key.length - tail.length);
  return resolveTarget(table[pattern], { star, conditions, kind, depth: 0 });
}

/** `exports` as a table of subpaths, its short forms written out. */
function subpathTable(field: unknown): unknown {
  const isTable = isRecord(field) && Object.keys(field).every((key) => key.startsWith("."));
  return isTable ? field : { ".": field };
}

/** The pattern with the longest part before its star (PATTERN_KEY_COMPARE). */
function bestPattern(patterns: readonly string[], key: string): string | null {
  let best: string | null = null;
  for (const pattern of patterns) {
    const star = pattern.indexOf("*");
    if (star < 0 || pattern.includes("*", star + 1)) continue;
    const tail = pattern.slice(star + 1);
    if (key.length < pattern.length || !key.startsWith(pattern.slice(0, star)) || !key.endsWith(tail)) continue;
    const bestStar = best?.indexOf("*") ?? -1;
    if (best === null || star > bestStar || (star === bestStar && pattern.length > best.length)) best = pattern;
  }
  return best;
}

interface TargetContext {
  readonly star: string | null;
  readonly conditions: readonly string[];
  readonly kind: "exports" | "imports";
  readonly depth: number;
}

function resolveTarget(target: unknown, context: TargetContext): string | null {
  if (context.depth > depthMax) return null;
  const deeper = { ...context, depth: context.depth + 1 };
  if (typeof target === "string") return resolveText(target, context);
  if (Array.isArray(target)) {
    for (const choice of target as readonly unknown[]) {
      const found = resolveTarget(choice, deeper);
      if (found !== null) return found;
    }
    return null;
  }
  if (!isRecord(target)) return null;
  for (const [condition, choice] of Object.entries(target)) {
    if (condition !== "default" && !context.conditions.includes(condition)) continue;
    const found = resolveTarget(choice, deeper);
    if (found !== null || choice === null) return found;
  }
  return null;
}

function resolveText(target: string, { star, kind }: TargetContext): string | null {
  const text = star === null ? target : target.replaceAll("*", () => star);
  if (!target.startsWith("./")) return kind === "imports" && !/^[./]/.test(target) ? text : null;
  const segments = text.slice(2).split(/[/\\]|%2f|%5c/i);
  const leaves = segments.some((segment) => /^(?:\.|%2e){1,2}$|^node_modules$/i.test(segment));
  return leaves ? null : text;
}
