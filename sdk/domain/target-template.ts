/**
 * Targets with `$1`…`$9`: whether what they refer to exists.
 *
 * One digit only, so that `$12` means nothing that two readers could understand differently: it is refused.
 */
import type { FieldReader } from "../field-reader.ts";

/** Reports a `$` that refers to no group of `groups`. */
export function checkTemplate(
  fields: FieldReader,
  { key, template, groups }: { readonly key: string; readonly template: string; readonly groups: number },
): void {
  const wrong = [...template.matchAll(/\$(\d*)/g)].find(([, digits = ""]) => {
    return !/^[1-9]$/.test(digits) || Number(digits) > groups;
  });
  if (wrong === undefined) return;
  const allowed =
    groups === 0
      ? 'no "$", because nothing is captured'
      : groups === 1
        ? "$1"
        : `$1..$${Math.min(groups, 9)}, one digit`;
  fields.report(key, `received "${wrong[0]}", allowed: ${allowed}`);
}

/** Number of `*` in a pattern. */
export function countStars(pattern: string): number {
  return pattern.split("*").length - 1;
}

/** Whether the template refers to a group. */
export function hasReference(template: string): boolean {
  return template.includes("$");
}
