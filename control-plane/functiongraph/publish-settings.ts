/** What a function of FunctionGraph's clients is published with, and under which name. Pure. */
import type { PublishRequest } from "../../sdk/api.ts";
import { functionLimitRanges } from "../../sdk/limits.ts";
import type { FgsFunctionRow } from "./fgs-row.ts";
import { instancesMaxOf, invalid } from "./function-settings.ts";
import { draftPrefix } from "./locate-function.ts";

export function limitsOf(row: Omit<FgsFunctionRow, "codeBlob">): NonNullable<PublishRequest["limits"]> {
  const { cpuMs, initializerWallMs } = functionLimitRanges;
  const wallMs = row.timeoutSeconds * 1_000;
  return {
    memoryMiB: row.memoryMiB,
    eventWallMs: wallMs,
    cpuMs: Math.min(cpuMs.max, wallMs),
    concurrency: row.concurrency,
    instancesMax: instancesMaxOf(row.instancesMax),
    initializerWallMs: Math.max(initializerWallMs.min, (row.initializer?.timeoutSeconds ?? 3) * 1_000),
  };
}

/** The default is the time. @throws FgsError FSS.1015. */
export function versionName(input: unknown, now: number): string {
  if (input === undefined || input === null || input === "") {
    const digits = new Date(now).toISOString().replace(/\D/g, "");
    return `v${digits.slice(0, 8)}-${digits.slice(8, 14)}`;
  }
  const isFine = typeof input === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,41}$/.test(input);
  if (isFine && input !== "latest" && !input.startsWith(draftPrefix)) return input;
  throw invalid("FSS.1015", "version", {
    received: input,
    allowed: '1..42 letters, digits, ".", "_" and "-", not latest',
  });
}
