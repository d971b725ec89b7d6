/**
 * What a client of FunctionGraph may say of a function when it creates or changes it (interfaces.md §3.5): checked, with the codes of its system. Pure.
 *
 * Invariant: nothing is half taken: the first thing that is wrong is thrown as an FgsError that says what was received and what is allowed.
 */
import { refuseFunctionName } from "../../sdk/function-name.ts";
import { refuseHandler } from "../../sdk/event-settings-parser.ts";
import { storeLimits } from "../../sdk/limits.ts";
import { readInteger, type Body, type Wanted } from "./body-fields.ts";
import { FgsError, invalid } from "./fgs-error.ts";
import type { FgsFunctionRow } from "./fgs-row.ts";
import { defaultInstances, instancesOf, memorySizes, readHook, readInstances } from "./instance-settings.ts";

export type { Body } from "./body-fields.ts";
export { invalid } from "./fgs-error.ts";

/** Node.js in the versions that clients know; all of them run on the runtime of the installation. */
export const nodeRuntimes: readonly string[] = [
  "6.10",
  "8.10",
  "10.16",
  "12.13",
  "14.18",
  "16.17",
  "18.15",
  "20.15",
].map((version) => `Node.js${version}`);
/** Seconds. */
export const timeoutRange = { min: 3, max: 259_200 } as const;
export const instancesRange = { min: -1, max: 1_000, default: 400 } as const;
export const concurrencyRange = { min: 1, max: 1_000, default: 1 } as const;

/** Shown as they came, of no effect here. */
const keptKeys = [
  "xrole",
  "app_xrole",
  "enterprise_project_id",
  "type",
  "log_config",
  "network_controller",
  "enable_lts_log",
  "lts_custom_tag",
  "domain_names",
] as const;

/** All of them together. */
export const keptCharsMax = 16_384;

export type FunctionSettings = Pick<
  FgsFunctionRow,
  | "package"
  | "runtime"
  | "handler"
  | "initializer"
  | "instances"
  | "timeoutSeconds"
  | "memoryMiB"
  | "concurrency"
  | "kept"
> & {
  readonly description: string;
  /** Null: it is not said, what is there stays. */
  readonly variables: Readonly<Record<string, string>> | null;
  readonly secrets: Readonly<Record<string, string>> | null;
};

/** Of a function that is there `present` holds what stays where the body says nothing. */
export function readSettings(
  body: Body,
  present: Omit<FunctionSettings, "variables" | "secrets"> | null,
): FunctionSettings {
  const handler = readText(body, "handler", { code: "FSS.1003", present: present?.handler });
  const refusedHandler = refuseHandler(handler);
  if (refusedHandler !== null) throw invalid("FSS.1003", "handler", { received: handler, allowed: refusedHandler });
  const runtime = readText(body, "runtime", { code: "FSS.1005", present: present?.runtime });
  if (!nodeRuntimes.includes(runtime)) {
    throw invalid("FSS.1005", "runtime", { received: runtime, allowed: nodeRuntimes.join(", ") });
  }
  return {
    package: readPackage(body, present?.package),
    runtime,
    handler,
    initializer: readHook(body, { key: "initializer", handler, present: present?.initializer ?? null }),
    instances: readInstances(body, { handler, present: present === null ? defaultInstances : instancesOf(present) }),
    timeoutSeconds: readInteger(body, "timeout", {
      code: "FSS.1008",
      ...timeoutRange,
      present: present?.timeoutSeconds,
    }),
    memoryMiB: readMemory(body, present?.memoryMiB),
    concurrency: readConcurrency(body, present?.concurrency),
    description: readDescription(body, present?.description ?? ""),
    variables: readUserData(body, "user_data"),
    secrets: readUserData(body, "encrypted_user_data"),
    kept: readKept(body, present?.kept ?? {}),
  };
}

/** @throws FgsError FSS.0400 when they are more than a store should keep of what means nothing. */
function readKept(body: Body, present: FgsFunctionRow["kept"]): FgsFunctionRow["kept"] {
  const given = keptKeys.flatMap((key) => (body[key] === undefined ? [] : [[key, body[key]] as const]));
  const kept = { ...present, ...Object.fromEntries(given) };
  const chars = JSON.stringify(kept).length;
  if (chars <= keptCharsMax) return kept;
  throw new FgsError(
    "FSS.0400",
    `${keptKeys.join(", ")}: received ${chars} characters of JSON, allowed: at most ${keptCharsMax}`,
  );
}

export function readName(body: Body): string {
  const name = readText(body, "func_name", { code: "FSS.1002", present: undefined });
  const refused = refuseFunctionName(name);
  if (refused !== null) throw invalid("FSS.1002", "func_name", { received: name, allowed: refused });
  return name;
}

/** -1..1000. */
export function readInstancesMax(body: Body): number {
  const { min, max } = instancesRange;
  return readInteger(body, "max_instance_num", { code: "FSS.1026", min, max, present: undefined });
}

function readText(body: Body, key: string, { code, present }: Wanted<string>): string {
  const value = body[key] ?? present;
  if (typeof value === "string" && value !== "") return value;
  throw invalid(code, key, { received: value, allowed: "a text" });
}

function readMemory(body: Body, present: number | undefined): number {
  const value = body["memory_size"] ?? present;
  if (typeof value === "number" && memorySizes.includes(value)) return value;
  throw invalid("FSS.1007", "memory_size", { received: value, allowed: memorySizes.join(", ") });
}

function readPackage(body: Body, present: string | undefined): string {
  const value = body["package"] ?? present ?? "default";
  if (typeof value === "string" && /^[A-Za-z0-9_-]{1,60}$/.test(value)) return value;
  throw invalid("FSS.1004", "package", { received: value, allowed: '1..60 letters, digits, "_" and "-"' });
}

function readDescription(body: Body, present: string): string {
  const value = body["description"] ?? present;
  const max = storeLimits.descriptionCharsMax;
  if (typeof value === "string" && value.length <= max) return value;
  throw invalid("FSS.1019", "description", { received: value, allowed: `at most ${max} characters` });
}

function readConcurrency(body: Body, present: number | undefined): number {
  const strategy = body["strategy_config"];
  if (strategy === undefined || strategy === null) return present ?? concurrencyRange.default;
  const value = typeof strategy === "object" ? (strategy as Body)["concurrent_num"] : strategy;
  if (value === undefined || value === null) return present ?? concurrencyRange.default;
  const { min, max } = concurrencyRange;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw invalid("FSS.1026", "strategy_config.concurrent_num", {
    received: value,
    allowed: `an integer ${min}..${max}`,
  });
}

/** A JSON object of texts, as text. */
function readUserData(body: Body, key: string): Readonly<Record<string, string>> | null {
  const text = body[key];
  if (text === undefined || text === null) return null;
  if (text === "") return {};
  const entries = typeof text === "string" ? parseEntries(text) : null;
  const allowed = "the text of a JSON object whose values are texts";
  // Its values may be secrets.
  if (entries === null) throw new FgsError("FSS.1009", `${key}: allowed: ${allowed}`);
  const { environmentKeysMax: keysMax, environmentCharsMax: charsMax } = storeLimits;
  if (entries.length > keysMax)
    throw invalid("FSS.1017", key, { received: entries.length, allowed: `at most ${keysMax} keys` });
  const chars = entries.reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  if (chars > charsMax) throw invalid("FSS.1018", key, { received: chars, allowed: `at most ${charsMax} characters` });
  return Object.fromEntries(entries as [string, string][]);
}

function parseEntries(text: string): [string, unknown][] | null {
  try {
    const parsed = JSON.parse(text) as unknown;
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
    const entries = Object.entries(parsed);
    return entries.every(([, value]) => typeof value === "string") ? entries : null;
  } catch {
    return null;
  }
}
