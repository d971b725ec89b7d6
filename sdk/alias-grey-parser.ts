/** Reads a grey release from untrusted input. Pure; whether its version exists is the store's to know. */
import { greySources, type AliasGrey, type GreyRule, type GreySource, type GreySticky } from "./alias-grey.ts";
import { FieldReader, parsedUnless, showValue, type Check } from "./field-reader.ts";
import { refuseVersionName } from "./function-name.ts";
import { isHeaderName } from "./header-text.ts";
import { greyLimits } from "./limits.ts";
import type { Parsed, Problem } from "./problem.ts";

/** Absent and null: none. Problem paths start with `grey`. */
export function parseAliasGrey(input: unknown): Parsed<AliasGrey | null> {
  if (input === undefined || input === null) return { ok: true, value: null };
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "grey", problems });
  return parsedUnless(problems, readAliasGrey(fields));
}

/** The same of an object that is being read; what is wrong goes to the reader's problems. */
export function readAliasGrey(fields: FieldReader): AliasGrey {
  const by = fields.choice("by", { values: ["weight", "rules"], default: fields.has("rules") ? "rules" : "weight" });
  const version = fields.string("version", { check: refuseVersionName });
  const grey: AliasGrey =
    by === "weight"
      ? { by, version, weight: readWeight(fields), sticky: readSticky(fields) }
      : {
          by,
          version,
          combine: fields.choice("combine", { values: ["all", "any"], default: "all" }),
          rules: readRules(fields),
        };
  fields.finish();
  return grey;
}

function readWeight(fields: FieldReader): number {
  const weight = fields.number("weight", { min: 0, max: 100 });
  const steps = Math.round(weight * 100);
  if (Math.abs(steps - weight * 100) > 1e-6) {
    fields.report("weight", `received ${weight}, allowed: 0..100 percent in steps of 0.01`);
  }
  return steps / 100;
}

/** The field `sticky`; null and absent: none. */
export function readSticky(fields: FieldReader): GreySticky | null {
  if ((fields.raw("sticky") ?? null) === null) return null;
  const sticky = fields.object("sticky");
  const from = sticky.choice("from", { values: greySources });
  const name = sticky.string("name", { check: nameCheck(from) });
  sticky.finish();
  return { from, name: from === "header" ? name.toLowerCase() : name };
}

function readRules(fields: FieldReader): readonly GreyRule[] {
  const readers = fields.readers("rules", { itemsMax: greyLimits.rulesMax });
  if (readers.length === 0) fields.report("rules", `received none, allowed: 1..${greyLimits.rulesMax} rules`);
  return readers.map((rule) => {
    const from = rule.choice("from", { values: greySources, default: "header" });
    const name = rule.string("name", { check: nameCheck(from) });
    const op = rule.choice("op", { values: ["=", "in"], default: "=" });
    const value = rule.string("value", { check: refuseValue });
    rule.finish();
    return { from, name: from === "header" ? name.toLowerCase() : name, op, value };
  });
}

/** Names of cookies and of header fields have one grammar: a token (RFC 6265 §4.1.1, RFC 9110 §5.1). */
function nameCheck(from: GreySource): Check<string> {
  const max = greyLimits.nameCharsMax;
  return (name) =>
    name.length <= max && isHeaderName(name) ? null : `the name of a ${from} in 1..${max} characters without blanks`;
}

function refuseValue(value: string): string | null {
  const max = greyLimits.valueCharsMax;
  const isVisible = /^[\x20-\x7e\x80-\xff]+$/.test(value) && value.trim() === value;
  return isVisible && value.length <= max ? null : `1..${max} visible characters, without blanks around them`;
}

/** `cookie:NAME` or `header:NAME`, as the command line has it. */
export function parseStickyText(text: string): GreySticky | string {
  const [from, ...rest] = text.split(":");
  const name = rest.join(":");
  const source = greySources.find((known) => known === from);
  if (source === undefined || nameCheck(source)(name) !== null) {
    return `received ${showValue(text)}, allowed: cookie:NAME or header:NAME`;
  }
  return { from: source, name: source === "header" ? name.toLowerCase() : name };
}

/** `[cookie ]NAME = VALUE` or `[cookie ]NAME in A,B`, as the command line has it. */
export function parseRuleText(text: string): GreyRule | string {
  const found = /^(cookie\s+)?([^\s=]+)\s*(=|\sin\s)\s*(.+)$/.exec(text.trim());
  const [, cookie, name, op, value] = found ?? [];
  if (name === undefined || value === undefined || !isHeaderName(name)) {
    return `received ${showValue(text)}, allowed: "NAME = VALUE" or "NAME in A,B", with "cookie " before it for a cookie`;
  }
  const from = cookie === undefined ? "header" : "cookie";
  return {
    from,
    name: from === "header" ? name.toLowerCase() : name,
    op: op === "=" ? "=" : "in",
    value: value.trim(),
  };
}
