/**
 * Whether a path falls under a condition: for looking at configurations, not at requests (nodes compile conditions).
 *
 * Paths are compared as they are written; the node's canonical spelling of paths is not known here.
 */
import type { PathCondition } from "../domain-policy.ts";

export function pathMatches({ match_type: type, match_value: value = "" }: PathCondition, path: string): boolean {
  switch (type) {
    case "all":
      return true;
    case "home_page":
      return path === "/";
    case "file_extension":
      return value.split(";").some((extension) => path.endsWith(extension));
    case "catalog":
      return value.split(";").some((directory) => `${path}/`.startsWith(`${directory.replace(/\/$/, "")}/`));
    case "full_path":
      return value.split(";").some((pattern) => wildcardMatches(pattern, path));
  }
}

/** `*` stands for any run of characters. Linear: no backtracking. */
function wildcardMatches(pattern: string, path: string): boolean {
  const [prefix = "", ...rest] = pattern.split("*");
  const suffix = rest.pop();
  if (suffix === undefined) return path === prefix;
  if (!path.startsWith(prefix) || !path.endsWith(suffix)) return false;
  let at = prefix.length;
  for (const part of rest) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + suffix.length <= path.length;
}
