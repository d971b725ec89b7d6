/**
 * A rule binds a phase and a path match to a function version or alias (spec: programmable CDN, "Rules").
 * Types only; `parseRules` in rule-parser.ts decides what is a valid list.
 */
import type { Phase } from "./phase.ts";

export type RuleMatchType = "all" | "suffix" | "directory" | "path";

export type RuleOnError = "fail" | "continue";

export interface Rule {
  readonly phase: Phase;
  readonly matchType: RuleMatchType;
  /** `all`: absent. `suffix`: `.jpg,.zip`. `directory`: `/a,/b/c`. `path`: one full path with `*` wildcards. */
  readonly matchContent?: string;
  readonly function: string;
  /** Exactly one of `version` and `alias`. `latest` as version is allowed and marked in listings. */
  readonly version?: string;
  readonly alias?: string;
  /** 1..100, unique within domain and phase; the larger runs first. */
  readonly priority: number;
  readonly enabled: boolean;
  /** Ends the phase after this rule. Default false. */
  readonly stop: boolean;
  /** Default: `continue` in originResponse and clientResponse, else `fail`. */
  readonly onError: RuleOnError;
}
