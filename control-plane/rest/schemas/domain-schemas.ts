/** Domains and rules in JSON Schema; the types are in sdk/api.ts, sdk/domain.ts and sdk/rule.ts. */
import { domainKeys } from "../../../sdk/domain-keys.ts";
import { domainLimits } from "../../../sdk/cdn-limits.ts";
import { phases } from "../../../sdk/phase.ts";
import { boolean, choice, integer, list, object, text, time } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { describedObject } from "./described-schema.ts";
import { waitSeconds } from "./function-schemas.ts";
import { revisionResource } from "./node-schemas.ts";

/** What is in it is checked by `parseDomainInput`, which reports all problems with their ranges and fills in the defaults. */
export const domainInput: JsonSchema = {
  type: "object",
  description:
    "The keys of a DomainConfig as in answers, all optional, and `rules` (RuleInput objects) to replace the rules as well.",
};

export const comment: JsonSchema = text({ maxLength: domainLimits.commentCharsMax });
export const version: JsonSchema = integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

const domainConfig = describedObject(domainKeys());

/** What is in each rule is checked by `parseRules`. */
export const rulesInput: JsonSchema = object(
  { rules: { type: "array", description: "RuleInput objects" }, comment, waitSeconds },
  { optional: ["comment", "waitSeconds"] },
);

export const domainRollbackInput: JsonSchema = object(
  { version, comment, waitSeconds },
  { optional: ["version", "comment", "waitSeconds"] },
);

export const ruleResource: JsonSchema = object(
  {
    phase: choice(phases),
    matchType: choice(["all", "suffix", "directory", "path"]),
    matchContent: text(),
    function: text(),
    version: text(),
    alias: text(),
    priority: integer({ min: 1, max: 100 }),
    enabled: boolean,
    stop: boolean,
    onError: choice(["fail", "continue"]),
    floating: boolean,
  },
  { optional: ["matchContent", "version", "alias"] },
);

const document = { config: domainConfig, rules: list(ruleResource) };
export const domainResource: JsonSchema = object({ version, ...document, updatedAt: time });

const difference = object({ path: text(), before: {}, after: {} }, { optional: ["before", "after"] });
export const domainDiff: JsonSchema = object({ differences: list(difference) });

export const domainChange: JsonSchema = object({
  domain: domainResource,
  changes: list(difference),
  dryRun: boolean,
  revision: integer({ min: 0 }),
  rollout: revisionResource,
});

const summary = { version, createdAt: time, author: object({ tokenId: text(), name: text() }), comment: text() };
export const domainVersionSummary: JsonSchema = object(summary);
export const domainVersion: JsonSchema = object({ ...summary, ...document });
