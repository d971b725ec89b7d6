/**
 * Turns untrusted input into a function's environment: plain variables and secrets (spec: functions, "Environment").
 *
 * Pure. A stored secret may be kept by giving null for its value; whoever merges it in checks the size again with
 * `environmentProblems`. Invariant: a secret's value is never in a problem.
 */
import type { EnvironmentInput } from "./api.ts";
import { FieldReader, parsedUnless, showValue } from "./field-reader.ts";
import { storeLimits } from "./limits.ts";
import type { Parsed, Problem } from "./problem.ts";

/** Keys that start so belong to the platform. */
export const reservedKeyPrefix = "RUNTIME_";

/** Absent groups are empty. */
export function parseEnvironment(input: unknown): Parsed<EnvironmentInput> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const variables = readValues(fields.raw("variables"), { path: "variables", problems, secret: "no" });
  const secrets = readValues(fields.raw("secrets"), { path: "secrets", problems, secret: "yes" });
  fields.finish();
  for (const key of Object.keys(secrets)) {
    if (Object.hasOwn(variables, key)) {
      problems.push({ path: `secrets.${key}`, message: "is also a variable, allowed: a key in one of both groups" });
    }
  }
  const given = Object.entries(secrets).map(([key, value]) => [key, value ?? ""]);
  problems.push(...environmentProblems({ ...variables, ...Object.fromEntries(given) }));
  return parsedUnless(problems, { variables: variables as Record<string, string>, secrets });
}

/** What is wrong with the size of a whole environment, variables and secrets together. */
export function environmentProblems(values: Readonly<Record<string, string>>): readonly Problem[] {
  const { environmentKeysMax: keysMax, environmentCharsMax: charsMax } = storeLimits;
  const entries = Object.entries(values);
  const chars = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const problems: Problem[] = [];
  if (entries.length > keysMax) {
    problems.push({ path: "environment", message: `received ${entries.length} keys, allowed: at most ${keysMax}` });
  }
  if (chars > charsMax) {
    const message = `received ${chars} characters in keys and values, allowed: at most ${charsMax}`;
    problems.push({ path: "environment", message });
  }
  return problems;
}

/** Why `key` is not an environment key, completing "allowed: …", or null. */
export function refuseEnvironmentKey(key: string): string | null {
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(key)) return 'letters, digits and "_", first a letter';
  return key.startsWith(reservedKeyPrefix) ? `keys that do not start with "${reservedKeyPrefix}"` : null;
}

function readValues(
  input: unknown,
  { path, problems, secret }: { readonly path: string; readonly problems: Problem[]; readonly secret: "yes" | "no" },
): Record<string, string | null> {
  if (input === undefined) return {};
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    problems.push({ path, message: "allowed: an object of strings" });
    return {};
  }
  const entries = Object.entries(input as Record<string, unknown>);
  const kept = new Map<string, string | null>();
  for (const [key, value] of entries) {
    const refusal = refuseEnvironmentKey(key);
    if (refusal !== null) problems.push({ path: `${path}.${key}`, message: `is not a key, allowed: ${refusal}` });
    else if (typeof value === "string" || (value === null && secret === "yes")) kept.set(key, value);
    else {
      const received = secret === "yes" ? "(not shown)" : showValue(value);
      const allowed = secret === "yes" ? "a string, or null to keep the stored secret" : "a string";
      problems.push({ path: `${path}.${key}`, message: `received ${received}, allowed: ${allowed}` });
    }
  }
  return Object.fromEntries(kept);
}
