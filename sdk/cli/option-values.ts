/**
 * Values of options and arguments, checked while the command line is read, so that a wrong one is a usage error.
 */
import { InvalidArgumentError } from "commander";
import { parseAbortCondition } from "../abort-condition.ts";
import type { GreySticky } from "../alias-grey.ts";
import { parseStickyText } from "../alias-grey-parser.ts";
import { functionLimitRanges, stagedRolloutLimits } from "../limits.ts";
import { CliError, exitCodes } from "./exit-code.ts";

/** Seconds to wait for nodes, 0..30. */
export function parseWaitSeconds(text: string): number {
  return integerIn(text, { min: 0, max: 30 });
}

/** The same, also written with its unit: `10s`. */
export function parseWait(text: string): number {
  return parseWaitSeconds(text.replace(/^(\d+)s$/, "$1"));
}

export function parsePort(text: string): number {
  return integerIn(text, { min: 0, max: 65_535 });
}

/** The number of a dependency's version. */
export function parseDependencyVersion(text: string): number {
  return integerIn(text, { min: 1, max: 2_147_483_647 });
}

export function parsePriority(text: string): number {
  return integerIn(text, { min: 1, max: 100 });
}

/** 0..100, with or without its sign. */
export function parsePercent(text: string): number {
  const value = /^\d{1,3}(?:\.\d{1,2})?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError(`received ${text}, allowed: 0..100 percent in steps of 0.01.`);
}

/** `1,5,25,100`: growing percentages, the last one 100. */
export function parseSteps(text: string): readonly number[] {
  const steps = text.split(",").map(parsePercent);
  const isGrowing = steps.every((step, index) => step > (index === 0 ? 0 : (steps[index - 1] ?? 0)));
  const { stepsMax } = stagedRolloutLimits;
  if (isGrowing && steps.at(-1) === 100 && steps.length <= stepsMax) return steps;
  throw new InvalidArgumentError(
    `received ${text}, allowed: 1..${stepsMax} growing percentages above 0, the last one 100.`,
  );
}

/** Seconds of `60`, `60s`, `5m` or `1h`; 1 s to a day. */
export function parseSeconds(text: string): number {
  const [, digits = "", unit = "s"] = /^(\d{1,5})([smh]?)$/.exec(text) ?? [];
  const seconds = digits === "" ? Number.NaN : Number(digits) * (unit === "h" ? 3_600 : unit === "m" ? 60 : 1);
  const { everySecondsMin: min, everySecondsMax: max } = stagedRolloutLimits;
  if (seconds >= min && seconds <= max) return seconds;
  throw new InvalidArgumentError(`received ${text}, allowed: ${min}..${max} seconds, such as 60s, 5m or 1h.`);
}

/** Appends a repeated abort condition. */
export function parseCondition(text: string, previous: readonly string[] | undefined): readonly string[] {
  const parsed = parseAbortCondition(text);
  if (typeof parsed === "string") throw new InvalidArgumentError(`${parsed}.`);
  return [...(previous ?? []), text];
}

/** `cookie:NAME` or `header:NAME`. */
export function parseSticky(text: string): GreySticky {
  const sticky = parseStickyText(text);
  if (typeof sticky !== "string") return sticky;
  throw new InvalidArgumentError(`${sticky}.`);
}

/** A version of a domain. */
export function parseVersionNumber(text: string): number {
  return integerIn(text, { min: 1, max: 999_999_999 });
}

export function parseLimit(text: string): number {
  return integerIn(text, { min: 1, max: 10_000 });
}

/** An instance's size, MiB. */
export function parseMemory(text: string): number {
  return integerIn(text, functionLimitRanges.memoryMiB);
}

/** The number of a message of a queue. */
export function parseSequence(text: string): number {
  return integerIn(text, { min: 0, max: 999_999_999 });
}

/** Appends a repeated option's value. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** `NAME: VALUE`, a field of a request. */
export function parseHeaderLine(line: string): readonly [name: string, value: string] {
  const at = line.indexOf(":");
  if (at < 1) throw new CliError(exitCodes.usage, `--header: received ${line}, allowed: NAME: VALUE`);
  return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
}

/** `KEY=VALUE`; the value may hold further `=`. */
export function parsePair(text: string): readonly [key: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new CliError(exitCodes.usage, `received ${text}, allowed: KEY=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function integerIn(text: string, { min, max }: { readonly min: number; readonly max: number }): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new InvalidArgumentError(`received ${text}, allowed: an integer ${min}..${max}.`);
}
