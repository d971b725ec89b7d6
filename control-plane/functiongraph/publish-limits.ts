/** The limits that a version of a client's function is published with. */
import type { PublishRequest } from "../../sdk/api.ts";
import { defaultFunctionLimits, functionLimitRanges } from "../../sdk/limits.ts";
import type { FgsFunctionRow } from "./fgs-row.ts";

/** CPU time is bounded by the timeout alone, as far as the platform allows. */
export function limitsOf(row: Omit<FgsFunctionRow, "codeBlob">): NonNullable<PublishRequest["limits"]> {
  const { cpuMs, instancesMax, initializerWallMs } = functionLimitRanges;
  const wallMs = row.timeoutSeconds * 1_000;
  return {
    memoryMiB: row.memoryMiB,
    eventWallMs: wallMs,
    cpuMs: Math.min(cpuMs.max, wallMs),
    concurrency: row.concurrency,
    instancesMax:
      row.instancesMax < 1 ? defaultFunctionLimits.instancesMax : Math.min(row.instancesMax, instancesMax.max),
    initializerWallMs: Math.max(initializerWallMs.min, (row.initializer?.timeoutSeconds ?? 3) * 1_000),
  };
}
