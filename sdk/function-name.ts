/**
 * The grammar of function, version and alias names (spec: functions, "Function" and "Versions and aliases").
 * Pure; whether a name exists is the store's to know.
 */
import { showValue } from "./field-reader.ts";
import { storeLimits } from "./limits.ts";
import type { Parsed } from "./problem.ts";

const FUNCTION_NAME = /^[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$/;
const VERSION_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The version name that floats: the version published last. Never the name of a version or alias itself. */
export const latestVersion = "latest";

/** Why `name` is not a function name, completing "allowed: …", or null. */
export function refuseFunctionName(name: string): string | null {
  const { functionNameCharsMax: max } = storeLimits;
  if (name.length <= max && FUNCTION_NAME.test(name)) return null;
  return `1..${max} letters, digits, "_" and "-", first a letter, last a letter or digit`;
}

/** Why `name` is not the name of a version that can be published, or null. */
export function refuseVersionName(name: string): string | null {
  return refuseReleaseName(name, storeLimits.versionNameCharsMax);
}

/** Why `name` is not an alias name, or null. */
export function refuseAliasName(name: string): string | null {
  return refuseReleaseName(name, storeLimits.aliasNameCharsMax);
}

/** Why `name` is neither a version name nor `latest`, or null. */
export function refuseVersionReference(name: string): string | null {
  return name === latestVersion ? null : refuseVersionName(name);
}

export function parseFunctionName(input: unknown): Parsed<string> {
  return parseName(input, { path: "name", refuse: refuseFunctionName });
}

export function parseVersionName(input: unknown): Parsed<string> {
  return parseName(input, { path: "version", refuse: refuseVersionName });
}

export function parseAliasName(input: unknown): Parsed<string> {
  return parseName(input, { path: "alias", refuse: refuseAliasName });
}

function refuseReleaseName(name: string, charsMax: number): string | null {
  if (name.length <= charsMax && name !== latestVersion && VERSION_NAME.test(name)) return null;
  return `1..${charsMax} letters, digits, ".", "_" and "-", first a letter or digit, not "${latestVersion}"`;
}

function parseName(
  input: unknown,
  { path, refuse }: { readonly path: string; readonly refuse: (name: string) => string | null },
): Parsed<string> {
  const allowed = refuse(typeof input === "string" ? input : "");
  if (allowed === null && typeof input === "string") return { ok: true, value: input };
  return {
    ok: false,
    problems: [{ path, message: `received ${showValue(input)}, allowed: ${allowed ?? "a string"}` }],
  };
}
