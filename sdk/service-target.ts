/**
 * The functions that a version may call by binding, by the name they have in its `env`: their form, read from untrusted input.
 *
 * Whether a target exists is the store's to know, what an alias means at the time of a call the node's.
 */
import { refuseEnvironmentKey } from "./environment-parser.ts";
import { FieldReader, parsedUnless, showValue } from "./field-reader.ts";
import { latestVersion, refuseAliasName, refuseFunctionName, refuseVersionReference } from "./function-name.ts";
import { serviceLimits } from "./limits.ts";
import type { Parsed, Problem } from "./problem.ts";

/** A function, and which of its versions: the one an alias names at the time of each call, or a fixed one (`latest` floats). */
export type ServiceTarget =
  | { readonly function: string; readonly alias: string; readonly version?: never }
  | { readonly function: string; readonly version: string; readonly alias?: never };

/** By the name in `env`. */
export type Services = Readonly<Record<string, ServiceTarget>>;

/** Absent: none. Names come out sorted, so that equal services are written alike. */
export function parseServices(input: unknown): Parsed<Services> {
  const problems: Problem[] = [];
  if (input === undefined) return { ok: true, value: {} };
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return { ok: false, problems: [{ path: "services", message: `received ${showValue(input)}, allowed: an object` }] };
  }
  const entries = Object.entries(input as Record<string, unknown>);
  const { perFunctionMax } = serviceLimits;
  if (entries.length > perFunctionMax) {
    const message = `received ${entries.length} services, allowed: at most ${perFunctionMax}`;
    problems.push({ path: "services", message });
  }
  const read = entries.slice(0, perFunctionMax).map(([name, target]): [string, ServiceTarget] => {
    const path = `services.${name}`;
    const refusal = refuseServiceName(name);
    if (refusal !== null) problems.push({ path, message: `is not a name, allowed: ${refusal}` });
    return [name, readTarget(new FieldReader(target, { path, problems }))];
  });
  return parsedUnless(problems, sortedServices(Object.fromEntries(read)));
}

/** The same services with their names in order and their keys in the order of the type. */
export function sortedServices(services: Services): Services {
  const entries = Object.entries(services).map(([name, target]): [string, ServiceTarget] => [
    name,
    target.alias === undefined
      ? { function: target.function, version: target.version }
      : { function: target.function, alias: target.alias },
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Names of services that are keys of the environment as well; `env` can hold only one of them. */
export function collidingServices(services: Services, environmentKeys: Iterable<string>): readonly Problem[] {
  const keys = new Set(environmentKeys);
  return Object.keys(services)
    .filter((name) => keys.has(name))
    .map((name) => ({ path: `services.${name}`, message: "is also an environment variable, allowed: another name" }));
}

/** `auth@prod` for people. */
export function serviceText(target: ServiceTarget): string {
  return `${target.function}@${target.alias ?? target.version}`;
}

/** `AUTH=auth@prod,LOG=log@v3` for people. */
export function servicesText(services: Services): string {
  return Object.entries(services)
    .map(([name, target]) => `${name}=${serviceText(target)}`)
    .join(",");
}

/** Why `name` is not the name of a service in `env`, completing "allowed: …", or null. */
function refuseServiceName(name: string): string | null {
  const { nameCharsMax } = serviceLimits;
  return name.length > nameCharsMax ? `at most ${nameCharsMax} characters` : refuseEnvironmentKey(name);
}

function readTarget(fields: FieldReader): ServiceTarget {
  const name = fields.string("function", { check: refuseFunctionName });
  const version = fields.optionalString("version", { check: refuseVersionReference });
  const alias = fields.optionalString("alias", { check: refuseAliasName });
  fields.finish();
  if ((version === undefined) === (alias === undefined)) {
    const received = version === undefined ? "neither" : "both";
    fields.report("version", `received ${received} of version and alias, allowed: exactly one of them`);
  }
  return alias === undefined ? { function: name, version: version ?? latestVersion } : { function: name, alias };
}
