/**
 * The key request_url_rewrite, and the loops that can be seen in it.
 *
 * A loop is seen where a redirect's target is caught by the list again and every target on the way is fixed; what `$1` will stand for is not
 * guessed, except that a target which holds it is tried once with an "x" in its place.
 */
import type { PathCondition, RequestUrlRewrite } from "../domain-policy.ts";
import type { FieldReader } from "../field-reader.ts";
import { domainLimits } from "../cdn-limits.ts";
import { choice, type Field, type Fields, list, object, optional, text, unique } from "./field.ts";
import { isOrigin, isPathAndQuery, originText, pathAndQueryText } from "./grammar.ts";
import { conditionFields } from "./match-fields.ts";
import { pathMatches } from "./path-matches.ts";
import { checkTemplate, countStars, hasReference } from "./target-template.ts";

const rewriteFields: Fields<RequestUrlRewrite> = {
  condition: object(conditionFields, { meaning: "Which paths, and which rewrite goes first." }),
  execution_mode: choice({
    meaning: "redirect: the client is sent there; break: the node serves that URL instead.",
    values: ["redirect", "break"],
  }),
  redirect_url: text({
    meaning:
      "Path, with a query only for redirect; `$1` to `$9` stand for what the `*` of a full_path pattern matched.",
    allowed: pathAndQueryText,
    accepts: isPathAndQuery,
  }),
  redirect_status_code: choice({
    meaning: "Status, with redirect only.",
    values: [302, 301, 303, 307, 308],
    default: 302,
  }),
  redirect_host: optional(
    text({
      meaning: "Where to, with redirect only; absent: the client's own scheme and host.",
      allowed: originText,
      accepts: isOrigin,
    }),
  ),
};

export const requestUrlRewrite: Field<readonly RequestUrlRewrite[]> = list(rewriteFields, {
  meaning: "What the client asked for becomes another URL; the first match by priority decides.",
  itemsMax: domainLimits.conditionsPerListMax,
  check: checkRewrite,
  checkList: (rewrites, place) => {
    uniquePriority(rewrites, place);
    for (const [index, rewrite] of rewrites.entries()) {
      if (!returnsTo(rewrite, rewrites)) continue;
      const path = `${place.key}[${index}].redirect_url`;
      const allowed = "a target that no redirect of this list sends back here";
      place.fields.report(path, `received "${rewrite.redirect_url}", which loops, allowed: ${allowed}`);
    }
  },
});

const uniquePriority = unique<RequestUrlRewrite>(({ condition }) => condition.priority, {
  path: "condition.priority",
  what: "rewrite",
});

function checkRewrite(rewrite: RequestUrlRewrite, fields: FieldReader): void {
  const { redirect_url: template, execution_mode: mode } = rewrite;
  checkTemplate(fields, { key: "redirect_url", template, groups: groupsOf(rewrite.condition) });
  if (mode === "redirect") return;
  if (template.includes("?")) {
    fields.report("redirect_url", `received "${template}", allowed: no query with execution_mode break`);
  }
  if (rewrite.redirect_host !== undefined) {
    fields.report("redirect_host", "is given, allowed: absent with execution_mode break");
  }
  if (rewrite.redirect_status_code !== 302) {
    fields.report("redirect_status_code", "is given, allowed: absent with execution_mode break");
  }
}

/** Every pattern of the condition must capture what the target names. */
function groupsOf({ match_type: type, match_value: value = "" }: PathCondition): number {
  return type === "full_path" ? Math.min(...value.split(";").map(countStars)) : 0;
}

/** Whether following `start` leads to it again. Redirects to other hosts lead away. */
function returnsTo(start: RequestUrlRewrite, rewrites: readonly RequestUrlRewrite[]): boolean {
  const ordered = rewrites.toSorted((a, b) => b.condition.priority - a.condition.priority);
  let current: RequestUrlRewrite | undefined = start;
  for (let step = 0; step <= rewrites.length; step++) {
    if (current === undefined || !leadsHere(current)) return false;
    if (step > 0 && current === start) return true;
    if (step > 0 && hasReference(current.redirect_url)) return false;
    const path: string = current.redirect_url.replaceAll(/\$\d/g, "x").split("?", 1)[0] ?? "/";
    current = ordered.find(({ condition }) => pathMatches(condition, path));
  }
  return false;
}

function leadsHere({ execution_mode: mode, redirect_host: host }: RequestUrlRewrite): boolean {
  return mode === "redirect" && host === undefined;
}
