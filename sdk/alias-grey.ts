/**
 * Grey release: the second version an alias may name, and which requests get it (spec: functions, "Versions and aliases").
 *
 * Types and names only; what is allowed is in alias-grey-parser.ts, who gets which version is decided in edge-node/routing/grey-picker.ts.
 */

/** Which of the client's request is asked: a header field, or a cookie of the Cookie field. */
export const greySources = ["header", "cookie"] as const;
export type GreySource = (typeof greySources)[number];

/** A key by which one client always gets the same version while the weight stays; clients that do not send it are drawn each time. */
export interface GreySticky {
  readonly from: GreySource;
  /** Header fields in any letter case, cookies as they are spelled. */
  readonly name: string;
}

export interface GreyRule {
  readonly from: GreySource;
  readonly name: string;
  /** `=`: the value is equal; `in`: it is one of the comma-separated list. Letter case counts. */
  readonly op: "=" | "in";
  readonly value: string;
}

/** So many percent of requests. A client with a sticky key that has the grey version keeps it while the weight grows. */
export interface GreyByWeight {
  readonly by: "weight";
  /** A published version, not the main one and not `latest`. */
  readonly version: string;
  /** 0..100 percent, in steps of 0.01. */
  readonly weight: number;
  readonly sticky: GreySticky | null;
}

/** Requests that fit. */
export interface GreyByRules {
  readonly by: "rules";
  readonly version: string;
  readonly combine: "all" | "any";
  readonly rules: readonly GreyRule[];
}

export type AliasGrey = GreyByWeight | GreyByRules;

/** In a line: `v2 5%`, `v2 when x-beta = 1`. */
export function greyText(grey: AliasGrey): string {
  if (grey.by === "weight") {
    const sticky = grey.sticky === null ? "" : ` by ${grey.sticky.from} ${grey.sticky.name}`;
    return `${grey.version} ${grey.weight}%${sticky}`;
  }
  const joined = grey.rules.map(greyRuleText).join(grey.combine === "all" ? " and " : " or ");
  return `${grey.version} when ${joined}`;
}

function greyRuleText({ from, name, op, value }: GreyRule): string {
  return `${from === "cookie" ? "cookie " : ""}${name} ${op} ${value}`;
}
