/** What an invocation by REST asks for, checked against the version it names. Pure. */
import type { InvokeInput } from "../../sdk/api.ts";
import type { InvokeRequest } from "../../sdk/desired-state.ts";
import { showValue } from "../../sdk/field-reader.ts";
import { isHeaderName, isHeaderValue } from "../../sdk/header-text.ts";
import { eventLimits } from "../../sdk/limits.ts";
import { calledHooks, type CalledHook, phases } from "../../sdk/phase.ts";
import type { Problem } from "../../sdk/problem.ts";
import { wallLimit } from "../../sdk/wall-limit.ts";
import { eventRequest, preparationMs } from "../calls/event-request.ts";
import { conflict, ControlError, invalidInput } from "../control-error.ts";
import type { VersionRow } from "../store.ts";

/** What a node needs beside the function's own time to receive an invocation and answer. */
const transportMs = 5_000;

export interface PreparedInvocation {
  readonly phase: CalledHook;
  readonly request: InvokeRequest;
  readonly timeoutMs: number;
}

interface Target {
  readonly version: VersionRow;
  readonly enabled: boolean;
  /** The alias that was asked for, or null. */
  readonly alias: string | null;
}

/** @throws ControlError INPUT_INVALID with all problems, CONFLICT for a disabled function. */
export function prepareInvocation(input: InvokeInput, { version, enabled, alias }: Target): PreparedInvocation {
  if (!enabled) throw conflict(`Function "${version.function}" is disabled.`);
  const { phase, request, event, memoryMiB } = input;
  if (event !== undefined) {
    const text = JSON.stringify(event);
    const problems = checkEvent(input, { version, text });
    if (problems.length > 0) throw invalidInput(problems);
    return {
      phase: "event",
      request: eventRequest(text, alias, sizeAsked(input, version)),
      timeoutMs: timeoutOf(version, "event"),
    };
  }
  if (request === undefined) {
    throw invalidInput([{ path: "request", message: "received neither request nor event, allowed: one of them" }]);
  }
  const chosen = phase ?? defaultPhase(version);
  const problems = checkRequest(request);
  if (memoryMiB !== undefined)
    problems.push({ path: "memoryMiB", message: "received beside a request, allowed: beside an event" });
  if (chosen === null || !version.hooks.includes(chosen)) {
    const hooks = version.hooks.filter((hook) => phases.some((known) => known === hook));
    problems.push({ path: "phase", message: `received ${showValue(phase)}, allowed: ${hooks.join(", ") || "none"}` });
  }
  if (problems.length > 0 || chosen === null) throw invalidInput(problems);
  return { phase: chosen, request, timeoutMs: timeoutOf(version, chosen) };
}

/** The header's size where the body says none; a version that offers none has its own, whatever the header says. */
export function withSizeOfHeader(
  input: InvokeInput,
  { header, version }: { readonly header: string | string[] | undefined; readonly version: VersionRow },
): InvokeInput {
  const offered = version.event?.memorySizesMiB ?? [];
  if (header === undefined || input.memoryMiB !== undefined || input.event === undefined || offered.length === 0)
    return input;
  const text = String(header).trim();
  return { ...input, memoryMiB: /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN };
}

function timeoutOf(version: VersionRow, hook: CalledHook): number {
  return Math.min(wallLimit(version.limits, hook) + preparationMs(version), eventLimits.waitMsMax) + transportMs;
}

/** Null: the version's own. @throws ControlError INSTANCE_SIZE_REFUSED. */
function sizeAsked({ memoryMiB }: InvokeInput, { event }: VersionRow): number | null {
  if (memoryMiB === undefined) return null;
  const sizes = event?.memorySizesMiB ?? [];
  if (sizes.includes(memoryMiB)) return memoryMiB;
  throw new ControlError("INSTANCE_SIZE_REFUSED", { message: `X-Cff-Instance-Memory not in [${sizes.join(" ")}]` });
}

/** `fetch` when there is one: it answers by itself. */
function defaultPhase({ hooks }: VersionRow): CalledHook | null {
  if (hooks.includes("fetch")) return "fetch";
  return calledHooks.find((phase) => hooks.includes(phase)) ?? null;
}

function checkEvent(
  { phase, request }: InvokeInput,
  { version, text }: { readonly version: VersionRow; readonly text: string },
): readonly Problem[] {
  if (version.event === null) {
    return [{ path: "event", message: `received one, but version "${version.version}" is no event function` }];
  }
  const problems: Problem[] = [];
  for (const [path, value] of Object.entries({ phase, request })) {
    if (value !== undefined) problems.push({ path, message: "received beside an event, allowed: one of them" });
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > eventLimits.bytesMax) {
    problems.push({
      path: "event",
      message: `received ${bytes} bytes of JSON, allowed: at most ${eventLimits.bytesMax}`,
    });
  }
  return problems;
}

function checkRequest({ url, headers }: InvokeRequest): Problem[] {
  const problems: Problem[] = [];
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    problems.push({
      path: "request.url",
      message: `received ${showValue(url)}, allowed: an absolute http or https URL`,
    });
  }
  for (const [index, [name, value]] of headers.entries()) {
    if (isHeaderName(name) && isHeaderValue(value)) continue;
    const message = "allowed: a header's name and its value without line breaks, in Latin-1";
    problems.push({ path: `request.headers[${String(index)}]`, message });
  }
  return problems;
}
