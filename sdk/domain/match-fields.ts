/**
 * Which paths a part of the configuration applies to: `match_type` and `match_value`, alone or as a condition with a priority.
 *
 * Invariant: the value fits the type; its entries start as the type demands and hold no blank, "?" or "#".
 */
import type { FieldReader } from "../field-reader.ts";
import type { PathCondition } from "../domain-policy.ts";
import { domainLimits } from "../cdn-limits.ts";
import { choice, integer, type Field, type Fields, textWhen } from "./field.ts";

type MatchType = PathCondition["match_type"];

const valuesText =
  `entries separated by ";": extensions such as ".jpg" for file_extension, else paths that start with "/", without blanks, "?" and "#", ` +
  `at most ${domainLimits.matchValueCharsMax} characters; absent for all and home_page`;

/** `match_type` out of `values`. */
export function matchType<const T extends string>(values: readonly [T, ...T[]], standard?: NoInfer<T>): Field<T> {
  const meaning =
    "Which paths: all; file_extension: paths that end so; catalog: directories with all below; full_path: whole paths, `*` for any characters; home_page: `/`.";
  const options = { meaning, values } as const;
  return choice<T>(standard === undefined ? options : { ...options, default: standard });
}

/** The value that belongs to a match type read from the key `typeKey`. */
export function matchValue(typeKey = "match_type"): Field<string> {
  return textWhen({
    meaning: "The paths, as match_type says.",
    allowed: valuesText,
    accepts: () => true,
    when: (fields) => whenListed(fields, typeKey),
    checkFor: (fields) => (value) => refuseEntries(value, fields.raw(typeKey) === "file_extension" ? "." : "/"),
  });
}

function whenListed(fields: FieldReader, typeKey: string): true | string | null {
  const type = fields.raw(typeKey) ?? "all";
  if (type === "all" || type === "home_page") return `for ${typeKey} ${type}`;
  return listedTypes.includes(type) ? true : null;
}

const listedTypes: readonly unknown[] = ["file_extension", "catalog", "full_path", "file_path"];

function refuseEntries(value: string, start: "." | "/"): string | null {
  const { matchValueCharsMax: charsMax, matchEntriesMax: entriesMax } = domainLimits;
  const entries = value.split(";");
  const areFine =
    value.length <= charsMax &&
    entries.length <= entriesMax &&
    entries.every((entry) => entry.startsWith(start) && !/[\s?#]/.test(entry) && (start === "/" || entry.length > 1));
  if (areFine) return null;
  return `at most ${entriesMax} entries separated by ";", each starting with "${start}", without blanks, "?" and "#", at most ${charsMax} characters`;
}

/** 1..100. */
export function priority(meaning = "The larger decides; unique in its list."): Field<number> {
  return integer({ meaning, min: 1, max: 100 });
}

const conditionTypes: readonly [MatchType, ...MatchType[]] = [
  "all",
  "file_extension",
  "catalog",
  "full_path",
  "home_page",
];

export const conditionFields: Fields<PathCondition> = {
  match_type: matchType(conditionTypes),
  match_value: matchValue(),
  priority: priority(),
};
