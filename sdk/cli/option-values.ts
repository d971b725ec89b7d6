/**
 * Values of options and arguments, checked while the command line is read, so that a wrong one is a usage error.
 */
import { InvalidArgumentError } from "commander";
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

export function parsePriority(text: string): number {
  return integerIn(text, { min: 1, max: 100 });
}

/** 0..100, with or without its sign. */
export function parsePercent(text: string): number {
  const value = /^\d{1,3}(?:\.\d{1,2})?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError(`received ${text}, allowed: 0..100 percent in steps of 0.01.`);
}

/** A version of a domain. */
export function parseVersionNumber(text: string): number {
  return integerIn(text, { min: 1, max: 999_999_999 });
}

export function parseLimit(text: string): number {
  return integerIn(text, { min: 1, max: 10_000 });
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
