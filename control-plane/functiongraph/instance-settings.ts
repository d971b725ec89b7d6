/**
 * What a client of FunctionGraph says of a function's instances: snapshot start, heartbeat, dynamic memory (interfaces.md §3.5); and the limits and the
 * event settings that a version of such a function has. Pure.
 */
import { isDeepStrictEqual } from "node:util";
import type { PublishRequest } from "../../sdk/api.ts";
import { fileOf } from "../../sdk/event-settings.ts";
import { refuseHandler } from "../../sdk/event-settings-parser.ts";
import { functionLimitRanges } from "../../sdk/limits.ts";
import type { VersionRow } from "../store.ts";
import { readInteger } from "./body-fields.ts";
import { invalid } from "./fgs-error.ts";
import type { Body } from "./function-settings.ts";
import type { FgsFunctionRow, FgsHandler, FgsInstanceSettings } from "./fgs-row.ts";

/** MiB, as far as an instance goes here: of `memory_size`, and where dynamic memory is enabled of `X-Cff-Instance-Memory`. */
export const memorySizes: readonly number[] = [128, 256, 512, 768, 1024];
/** Seconds; of the initializer and of the restore hook. */
export const initializerTimeoutRange = { min: 1, max: 300 } as const;
const hookTimeoutDefault = 3;

export const defaultInstances: FgsInstanceSettings = {
  restore: null,
  heartbeat: null,
  dynamicMemory: false,
  snapshot: false,
};

/** @throws FgsError FSS.0400, FSS.1404, FSS.1405. */
export function readInstances(
  body: Body,
  { handler, present }: { readonly handler: string; readonly present: FgsInstanceSettings },
): FgsInstanceSettings {
  return {
    restore: readHook(body, { key: "restore_hook", handler, present: present.restore }),
    heartbeat: readHandler(body, { key: "heartbeat_handler", handler, present: present.heartbeat }),
    dynamicMemory: readSwitch(body, "enable_dynamic_memory", present.dynamicMemory),
    // Switched by a route of its own.
    snapshot: present.snapshot,
  };
}

interface Wanted<T> {
  readonly key: string;
  readonly handler: string;
  readonly present: T | null;
}

/** `KEY_handler` with `KEY_timeout`: an initializer, or what is bounded like one. */
export function readHook(body: Body, { key, handler, present }: Wanted<FgsHandler>): FgsHandler | null {
  const named = readHandler(body, { key: `${key}_handler`, handler, present: present?.handler ?? null });
  if (named === null) return null;
  const timeoutSeconds = readInteger(body, `${key}_timeout`, {
    code: "FSS.1405",
    ...initializerTimeoutRange,
    present: present?.timeoutSeconds ?? hookTimeoutDefault,
  });
  return { handler: named, timeoutSeconds };
}

function readHandler(body: Body, { key, handler, present }: Wanted<string>): string | null {
  const named = body[key] ?? present ?? "";
  if (named === "") return null;
  if (typeof named === "string" && refuseHandler(named) === null && fileOf(named) === fileOf(handler)) return named;
  const allowed = `an export of the handler's file, such as ${fileOf(handler)}.${key.replace("_handler", "")}`;
  throw invalid("FSS.1404", key, { received: named, allowed });
}

function readSwitch(body: Body, key: string, present: boolean): boolean {
  const value = body[key] ?? present;
  if (typeof value === "boolean") return value;
  throw invalid("FSS.0400", key, { received: value, allowed: "true or false" });
}

type PublishedRow = Omit<FgsFunctionRow, "codeBlob" | "modifiedAt">;

export function instancesOf({ instances }: Pick<FgsFunctionRow, "instances">): FgsInstanceSettings {
  return { ...defaultInstances, ...instances };
}

/** Undefined where nothing is as it is not by itself, as in rows of earlier releases. */
export function changedInstances(row: Pick<FgsFunctionRow, "instances">): FgsInstanceSettings | undefined {
  const instances = instancesOf(row);
  return isDeepStrictEqual(instances, defaultInstances) ? undefined : instances;
}

/** -1 is as many as a host has room for; beyond instances and their concurrency nothing waits (functions.md, "Instances and concurrency"). */
export function limitsOf(row: PublishedRow): NonNullable<PublishRequest["limits"]> {
  const { cpuMs, initializerWallMs } = functionLimitRanges;
  const wallMs = row.timeoutSeconds * 1_000;
  const hooks = [row.initializer, instancesOf(row).restore].map((hook) => hook?.timeoutSeconds ?? hookTimeoutDefault);
  return {
    memoryMiB: row.memoryMiB,
    eventWallMs: wallMs,
    cpuMs: Math.min(cpuMs.max, wallMs),
    concurrency: row.concurrency,
    instancesMax: instancesMaxOf(row.instancesMax),
    queueMax: 0,
    initializerWallMs: Math.max(initializerWallMs.min, ...hooks.map((seconds) => seconds * 1_000)),
  };
}

/** -1 stands for no bound but the system's; so does 0, a function that is disabled. */
export function instancesMaxOf(instancesMax: number): number {
  const { max } = functionLimitRanges.instancesMax;
  return instancesMax < 1 ? max : Math.min(instancesMax, max);
}

export function eventOf(row: PublishedRow): NonNullable<PublishRequest["event"]> {
  const { restore, heartbeat, dynamicMemory } = instancesOf(row);
  return {
    handler: row.handler,
    ...(row.initializer === null ? {} : { initializer: row.initializer.handler }),
    ...(restore === null ? {} : { restore: restore.handler }),
    ...(heartbeat === null ? {} : { heartbeat }),
    ...(dynamicMemory ? { memorySizesMiB: memorySizes } : {}),
  };
}

/** As clients read them; those of a version are frozen with it. */
export function shownInstances(row: FgsFunctionRow, version: VersionRow | null): object {
  const { restore, heartbeat, dynamicMemory } = instancesOf(row);
  const event = version === null ? null : version.event;
  return {
    restore_hook_handler: event === null ? (restore?.handler ?? "") : (event.restore ?? ""),
    restore_hook_timeout: restore?.timeoutSeconds ?? 0,
    heartbeat_handler: event === null ? (heartbeat ?? "") : (event.heartbeat ?? ""),
    enable_dynamic_memory: event === null ? dynamicMemory : event.memorySizesMiB.length > 0,
  };
}
