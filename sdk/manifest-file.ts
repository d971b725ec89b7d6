/**
 * The author's project file `selvage.json`: which function a folder holds and how it is built.
 *
 * Pure: reads no disk, so an absent `entry` stays null and whoever has the folder tries `entryCandidates` in order.
 * Secrets have no place in this file; it is meant to be committed.
 */
import { parseDependencies, type Dependencies } from "./dependency.ts";
import { defaultEgress, parseEgress, type Egress } from "./egress.ts";
import { defaultIsolation, isolations, type Isolation } from "./isolation.ts";
import { environmentProblems, refuseEnvironmentKey } from "./environment-parser.ts";
import type { EventSettings } from "./event-settings.ts";
import { parseEventSettings } from "./event-settings-parser.ts";
import { FieldReader, parsedUnless, showValue, type Check } from "./field-reader.ts";
import { parseFunctionLimits } from "./function-limits-parser.ts";
import { refuseFunctionName } from "./function-name.ts";
import { storeLimits, type FunctionLimits } from "./limits.ts";
import type { Parsed, Problem } from "./problem.ts";
import { collidingServices, parseServices, type Services } from "./service-target.ts";

export const projectFileName = "selvage.json";

/** Entry modules tried in this order when the project file names none. */
export const entryCandidates: readonly string[] = ["index.ts", "index.js", "src/index.ts"];
/** The same of a ZIP. */
export const archiveEntries: readonly string[] = [
  "index.ts",
  "index.js",
  "index.mjs",
  "index.mts",
  "index.cjs",
  "src/index.ts",
];

export interface ProjectFile {
  readonly name: string;
  readonly description: string;
  /** Relative path, `/` separated; null: the first of `entryCandidates` that exists. */
  readonly entry: string | null;
  /** `rollup`: bundled here by the project's own rollup configuration. Default `esbuild`: bundled by the control plane. */
  readonly bundler: "esbuild" | "rollup";
  /** Only what the file sets, each within its range. */
  readonly limits: Partial<FunctionLimits>;
  /** Plain environment variables, set with every publish. */
  readonly variables: Readonly<Record<string, string>>;
  /** Functions it may call, by their name in `env`. */
  readonly services: Services;
  /** Packages of the control plane that it is bundled with. */
  readonly dependencies: Dependencies;
  /** `dedicated`: a process of its own on each front. Default `shared`. */
  readonly isolation: Isolation;
  /** Let the module make code of text (`eval`, `new Function`). Default false. */
  readonly allowEval: boolean;
  /** Where it may connect to, within what nodes allow. Default: wherever they do. */
  readonly egress: Egress;
  /** Its named exports are an event function; null: it has hooks only. */
  readonly event: EventSettings | null;
  /** Make a startup snapshot; null: the bundle's size decides. */
  readonly snapshot: boolean | null;
}

/** `input`: the parsed JSON. */
export function parseProjectFile(input: unknown): Parsed<ProjectFile> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  fields.raw("$schema");
  const project: ProjectFile = {
    name: fields.string("name", { check: refuseFunctionName }),
    description: fields.string("description", { default: "", check: refuseDescription }),
    entry: fields.optionalString("entry", { check: refuseSourcePath }) ?? null,
    bundler: fields.choice("bundler", { values: ["esbuild", "rollup"], default: "esbuild" }),
    limits: readLimits(fields.raw("limits"), problems),
    variables: readVariables(fields.raw("variables"), problems),
    services: readServices(fields.raw("services"), problems),
    dependencies: readDependencies(fields.raw("dependencies"), problems),
    isolation: fields.choice("isolation", { values: isolations, default: defaultIsolation }),
    allowEval: fields.boolean("allowEval", { default: false }),
    egress: readEgress(fields.raw("egress"), problems),
    event: readEvent(fields.raw("event"), problems),
    snapshot: fields.has("snapshot") ? fields.boolean("snapshot", { default: false }) : null,
  };
  fields.finish();
  problems.push(...collidingServices(project.services, Object.keys(project.variables)));
  return parsedUnless(problems, project);
}

/** Why `path` is not the relative path of a source file, completing "allowed: …", or null. */
export function refuseSourcePath(path: string): string | null {
  const segments = path.split("/");
  const isClean = segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  if (isClean && path.length <= 1_024 && !/[\\\x00-\x1f\x7f]/.test(path)) return null;
  return 'a relative path of at most 1024 characters, separated by "/", without "..", ".", "\\" and control characters';
}

const refuseDescription: Check<string> = (value) =>
  value.length <= storeLimits.descriptionCharsMax ? null : `at most ${storeLimits.descriptionCharsMax} characters`;

function readLimits(input: unknown, problems: Problem[]): Partial<FunctionLimits> {
  const limits = parseFunctionLimits(input);
  if (limits.ok) return input === undefined ? {} : { ...(input as Partial<FunctionLimits>) };
  problems.push(...limits.problems);
  return {};
}

function readServices(input: unknown, problems: Problem[]): Services {
  const services = parseServices(input);
  if (services.ok) return services.value;
  problems.push(...services.problems);
  return {};
}

function readDependencies(input: unknown, problems: Problem[]): Dependencies {
  const dependencies = parseDependencies(input);
  if (dependencies.ok) return dependencies.value;
  problems.push(...dependencies.problems);
  return {};
}

function readEgress(input: unknown, problems: Problem[]): Egress {
  const egress = parseEgress(input);
  if (egress.ok) return egress.value;
  problems.push(...egress.problems);
  return defaultEgress;
}

function readEvent(input: unknown, problems: Problem[]): EventSettings | null {
  const event = parseEventSettings(input);
  if (event.ok) return event.value;
  problems.push(...event.problems);
  return null;
}

function readVariables(input: unknown, problems: Problem[]): Readonly<Record<string, string>> {
  if (input === undefined) return {};
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    problems.push({ path: "variables", message: `received ${showValue(input)}, allowed: an object of strings` });
    return {};
  }
  const kept = new Map<string, string>();
  for (const [key, value] of Object.entries(input as Record<string, unknown>)) {
    const refusal = refuseEnvironmentKey(key) ?? (typeof value === "string" ? null : "a string");
    if (refusal === null) kept.set(key, String(value));
    else problems.push({ path: `variables.${key}`, message: `received ${showValue(value)}, allowed: ${refusal}` });
  }
  const variables = Object.fromEntries(kept);
  problems.push(...environmentProblems(variables));
  return variables;
}
