/** Dependencies and archives of code in JSON Schema; the types are in sdk/dependency.ts and sdk/api.ts. */
import { archiveLimits, codeDownloadLimits } from "../../../sdk/code-limits.ts";
import { storeLimits } from "../../../sdk/limits.ts";
import { boolean, digest, integer, list, literal, object, text, time, union, type JsonSchema } from "./json-schema.ts";

/** Both forms of `ArchivePlace`; `more` may be left out. */
export function archivePlaces(more: Readonly<Record<string, JsonSchema>> = {}): readonly JsonSchema[] {
  const optional = Object.keys(more);
  const parts = list(digest, { minItems: 1, maxItems: archiveLimits.partsMax });
  const url = text({
    minLength: 1,
    maxLength: codeDownloadLimits.urlCharsMax,
    description: "http or https without user name, at a public address or one of codeAllowNetworks",
  });
  return [
    object({ kind: literal("archive"), parts, ...more }, { optional }),
    object({ kind: literal("url"), url, ...more }, { optional }),
  ];
}

export const dependencyInput: JsonSchema = object(
  {
    source: union(archivePlaces()),
    description: text({ maxLength: storeLimits.descriptionCharsMax }),
    public: boolean,
  },
  { optional: ["description", "public"] },
);

const count = integer({ min: 0 });
const number = integer({ min: 1 });
export const dependencyVersionResource: JsonSchema = object({
  dependency: text(),
  version: number,
  description: text(),
  createdAt: time,
  archive: object({ digest, bytes: count }),
  bytes: count,
  files: count,
  packages: list(text()),
  usedBy: list(object({ function: text(), version: text() })),
});
const dependency = { name: text(), public: boolean, createdAt: time };
export const dependencySummary: JsonSchema = object({ ...dependency, versions: list(number) });
export const dependencyResource: JsonSchema = object({ ...dependency, versions: list(dependencyVersionResource) });
