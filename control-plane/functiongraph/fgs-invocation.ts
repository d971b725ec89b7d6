/**
 * Invocations by clients of FunctionGraph, answered in its two forms (interfaces.md §3.5): `v0`, the bare result, and `v1`, an envelope.
 *
 * Decided here, as no public source says it: an error of the function answers 500 in v0, and 200 with `status: 500` in v1.
 */
import type { InvokeResult, LogRecord } from "../../sdk/desired-state.ts";
import { eventCodes, eventHeaders } from "../../sdk/event-answer.ts";
import { describeError } from "../../sdk/error-code.ts";
import { prepareInvocation, withSizeOfHeader } from "../rest/prepare-invocation.ts";
import type { InvocationService } from "../rollout/invocation-service.ts";
import type { Clock } from "../clock.ts";
import type { Store } from "../store.ts";
import { requireQualified } from "../functions/require-row.ts";
import { FgsError } from "./fgs-error.ts";
import type { FgsFunctionService } from "./fgs-function-service.ts";
import { memorySizes } from "./instance-settings.ts";
import type { FunctionUrn } from "./urn.ts";

export interface FgsInvocationOptions {
  readonly store: Store;
  readonly functions: FgsFunctionService;
  readonly invocations: InvocationService;
  readonly uniqueId: () => string;
  readonly clock: Clock;
}

export interface FgsInvocationInput {
  /** The body as it came. */
  readonly event: string;
  readonly wantsLog: boolean;
  readonly form: "v0" | "v1";
  /** `X-Cff-Instance-Memory`; undefined: not sent. */
  readonly memory: string | undefined;
}

export interface FgsInvocationAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Of the log, in the header and in the envelope. */
const headerLogBytesMax = 2_000;
const bodyLogBytesMax = 4_096;

interface Ran {
  readonly requestId: string;
  /** Of the function's answer. */
  readonly status: number;
  readonly code: string;
  readonly isFunctionError: boolean;
  readonly text: string;
  readonly durationMs: number;
  readonly logs: readonly LogRecord[];
  /** The size that was asked for; absent: the version's own. */
  readonly memoryMiB?: number;
}

export class FgsInvocation {
  readonly #options: FgsInvocationOptions;

  constructor(options: FgsInvocationOptions) {
    this.#options = options;
  }

  /** @throws FgsError, ControlError NO_NODE, NODE_OVERLOADED. */
  async invoke(urn: FunctionUrn, input: FgsInvocationInput): Promise<FgsInvocationAnswer> {
    const { functions } = this.#options;
    const { row, version } = await functions.find(urn);
    if (input.memory !== undefined && !memorySizes.includes(Number(input.memory))) {
      throw new FgsError("FSS.0406", `X-Cff-Instance-Memory not in [${memorySizes.join(" ")}]`);
    }
    const ran = await this.#run(urn, input);
    const endedAt = this.#options.clock.now();
    const shown = {
      endedAt,
      version: version?.version ?? "latest",
      memoryMiB: ran.memoryMiB ?? version?.limits.memoryMiB ?? row.memoryMiB,
    };
    return answerOf(ran, { ...input, log: logText(ran, shown), ...shown });
  }

  async #run(urn: FunctionUrn, { event, memory }: FgsInvocationInput): Promise<Ran> {
    const { invocations, store, uniqueId } = this.#options;
    const parsed = parseEvent(event);
    if (parsed === null) return notJson(uniqueId());
    const qualifier = urn.qualifier?.name ?? "latest";
    const { version, enabled } = await store.read(async (view) => ({
      version: await requireQualified(view, { functionName: urn.name, qualifier }),
      enabled: (await view.functions.get(urn.name))?.enabled ?? false,
    }));
    if (!enabled) throw new FgsError("FSS.0403", "the function is disabled");
    const alias = urn.qualifier?.kind === "alias" ? qualifier : null;
    const input = withSizeOfHeader({ event: parsed.value }, { header: memory, version });
    const { phase, request, timeoutMs } = prepareInvocation(input, { version, enabled, alias });
    const ran = ranOf(await invocations.invoke({ function: urn.name, qualifier, phase, request }, { timeoutMs }));
    return { ...ran, ...(input.memoryMiB === undefined ? {} : { memoryMiB: input.memoryMiB }) };
  }
}

function parseEvent(text: string): { readonly value: unknown } | null {
  try {
    return { value: text === "" ? {} : (JSON.parse(text) as unknown) };
  } catch {
    return null;
  }
}

function notJson(requestId: string): Ran {
  const shown = {
    errorMessage: "function invocation exception, error: the event is not JSON",
    errorType: "SyntaxError",
  };
  const text = JSON.stringify(shown, null, 4);
  return {
    requestId,
    status: 500,
    code: String(eventCodes.invocation),
    isFunctionError: true,
    text,
    durationMs: 0,
    logs: [],
  };
}

/** @throws FgsError for what kept the function from running. */
function ranOf({ id, outcome, durationMs, logs }: InvokeResult): Ran {
  const common = { requestId: id, durationMs, logs };
  if (outcome.kind === "response") {
    const headers = new Map(outcome.headers.map(([name, value]) => [name.toLowerCase(), value]));
    return {
      ...common,
      status: outcome.status,
      code: headers.get(eventHeaders.code) ?? "0",
      isFunctionError: headers.get(eventHeaders.isFunctionError) === "true",
      text: Buffer.from(outcome.body, "base64").toString("utf8"),
    };
  }
  if (outcome.kind !== "failed") throw new FgsError("FSS.0500", "the function gave no answer");
  const { code, message } = outcome;
  if (code === "FUNCTION_OVERLOADED" || code === "NODE_OVERLOADED") {
    throw new FgsError("FSS.0429", "Your request has been controlled by overload sdk, please retry later.");
  }
  const { source, text } = describeError(code);
  if (source !== "function") throw new FgsError("FSS.0503", text);
  const shown = JSON.stringify({ errorMessage: message, errorType: code }, null, 4);
  return { ...common, status: 500, code: codeOf(code), isFunctionError: true, text: shown };
}

function codeOf(code: string): string {
  return String(code === "FUNCTION_WALL_LIMIT" ? eventCodes.invokeTimeout : eventCodes.invocation);
}

function answerOf(
  ran: Ran,
  given: FgsInvocationInput & { readonly log: string; readonly version: string; readonly memoryMiB: number },
): FgsInvocationAnswer {
  const { form, log, memoryMiB, version, wantsLog } = given;
  const billedMs = Math.max(1, Math.ceil(ran.durationMs));
  const summary = {
    funcDigest: version,
    duration: ran.durationMs.toFixed(3),
    billingDuration: String(billedMs),
    memorySize: String(memoryMiB),
  };
  const headers = {
    "content-type": "application/json",
    "x-cff-request-id": ran.requestId,
    "x-cff-invoke-summary": JSON.stringify(summary),
    "x-cff-billing-duration": String(billedMs),
    "x-cff-response-version": form,
    [eventHeaders.code]: ran.code,
    [eventHeaders.isFunctionError]: String(ran.isFunctionError),
    ...(wantsLog ? { "x-cff-function-log": tail(log, headerLogBytesMax).toString("base64") } : {}),
  };
  if (form === "v0") return { status: ran.isFunctionError ? 500 : 200, headers, body: ran.text };
  const envelope = {
    request_id: ran.requestId,
    result: ran.text,
    log: wantsLog ? tail(log, bodyLogBytesMax).toString("utf8") : "",
    status: ran.isFunctionError ? 500 : 200,
    error_code: ran.code === "0" ? "" : ran.code,
  };
  return { status: 200, headers, body: JSON.stringify(envelope) };
}

/** What the invocation logged, between the lines that begin and end it. */
function logText(
  { durationMs, logs, requestId }: Ran,
  { endedAt, version, memoryMiB }: { readonly endedAt: number; readonly version: string; readonly memoryMiB: number },
): string {
  const at = (ms: number): string => new Date(ms).toISOString();
  const lines = logs.map(({ time, level, message }) => `${at(time)} ${requestId} ${level.toUpperCase()} ${message}`);
  const billed = Math.max(1, Math.ceil(durationMs));
  const end = `Finish invoke request '${requestId}', duration: ${durationMs.toFixed(3)}ms, billing duration: ${billed}ms, billing memory: ${memoryMiB}MB`;
  return [
    `${at(endedAt - durationMs)} Start invoke request '${requestId}', version: ${version}`,
    ...lines,
    `${at(endedAt)} ${end}`,
    "",
  ].join("\n");
}

/** The last bytes, from the beginning of a character on. */
function tail(text: string, bytesMax: number): Buffer {
  const bytes = Buffer.from(text);
  let from = Math.max(0, bytes.byteLength - bytesMax);
  while (from < bytes.byteLength && ((bytes[from] ?? 0) & 0xc0) === 0x80) from++;
  return bytes.subarray(from);
}
