/** Asynchronous calls as REST asks for them: accepted, listed, shown, cancelled; and what queues hold that are destinations. */
import { refuseQueueName } from "../../sdk/async-config-parser.ts";
import type { InvokeInput } from "../../sdk/api.ts";
import type { CallAccepted, CallPage, CallQuery, CallResource, QueuePage } from "../../sdk/calls.ts";
import { showValue } from "../../sdk/field-reader.ts";
import { latestVersion } from "../../sdk/function-name.ts";
import { callLimits } from "../../sdk/call-limits.ts";
import type { Problem } from "../../sdk/problem.ts";
import { conflict, invalidInput, notFound } from "../control-error.ts";
import type { CallQueue, CallRow, CallRowsQuery } from "./call-queue.ts";
import type { CallTargets } from "./call-targets.ts";

export interface CallServiceOptions {
  readonly queue: CallQueue;
  readonly targets: CallTargets;
  /** A call was accepted. */
  readonly onAccepted: () => void;
}

export class CallService {
  readonly #options: CallServiceOptions;

  constructor(options: CallServiceOptions) {
    this.#options = options;
  }

  /** Durable once resolved. @throws ControlError INPUT_INVALID, NOT_FOUND, CONFLICT (disabled), CALL_QUEUE_FULL; StoreError. */
  async accept(
    input: InvokeInput,
    { requestId, functionName }: { readonly requestId: string; readonly functionName: string },
  ): Promise<CallAccepted> {
    const { queue, targets, onAccepted } = this.#options;
    const { qualifier = latestVersion } = input;
    const { version, enabled, config } = await targets.resolve(functionName, qualifier);
    if (!enabled) throw conflict(`Function "${functionName}" is disabled.`);
    const event = JSON.stringify(input.event) as string | undefined;
    const problems = checkInput(input, { event, isEventFunction: version.event !== null, version: version.version });
    if (problems.length > 0 || event === undefined) throw invalidInput(problems);
    await queue.accept({
      id: requestId,
      function: functionName,
      qualifier,
      event,
      depth: 0,
      retries: config.retries,
      maxAgeMs: config.maxAgeSeconds * 1_000,
      onSuccess: config.onSuccess,
      onFailure: config.onFailure,
    });
    onAccepted();
    return { requestId };
  }

  /** In `state`, or in one of `states`; any without both. @throws ControlError INPUT_INVALID for a cursor that is none. */
  async list({ state, states, ...query }: CallQuery & Pick<CallRowsQuery, "states">): Promise<CallPage> {
    if (query.cursor !== undefined && !/^[0-9]{1,15}$/.test(query.cursor)) {
      throw invalidInput([
        { path: "cursor", message: `received ${showValue(query.cursor)}, allowed: next of the page before` },
      ]);
    }
    const { rows, next } = await this.#options.queue.list({
      ...query,
      states: state === undefined ? states : [state],
      limit: query.limit ?? pageDefault,
    });
    return { calls: rows.map(toResource), next };
  }

  /** @throws ControlError NOT_FOUND. */
  async get(requestId: string): Promise<CallResource> {
    const row = await this.#options.queue.get(requestId);
    if (row === null) throw notFound(`call "${requestId}"`);
    return toResource(row);
  }

  /** @throws ControlError NOT_FOUND, CONFLICT for one that has ended otherwise. */
  async cancel(requestId: string): Promise<CallResource> {
    const found = await this.#options.queue.cancel(requestId);
    if (found === null) throw notFound(`call "${requestId}"`);
    const { row, cancelled } = found;
    if (!cancelled && row.state !== "cancel") throw conflict(`Call "${requestId}" has ended: ${row.state}.`);
    return toResource(row);
  }

  listQueues(): Promise<readonly string[]> {
    return this.#options.queue.listQueues();
  }

  /** @throws ControlError INPUT_INVALID. */
  async readMessages(
    queueName: string,
    options: { readonly after: number; readonly limit: number },
  ): Promise<QueuePage> {
    requireQueueName(queueName);
    const rows = await this.#options.queue.readMessages(queueName, options);
    const messages = rows.map(({ sequence, createdAtMs, body }) => ({
      sequence,
      createdAt: isoTime(createdAtMs),
      body: JSON.parse(body) as unknown,
    }));
    return { messages };
  }

  /** @throws ControlError INPUT_INVALID. */
  async forgetMessages(queueName: string, through: number): Promise<void> {
    requireQueueName(queueName);
    await this.#options.queue.forgetMessages(queueName, through);
  }
}

/** Calls of a page where nobody said. */
export const pageDefault = 100;

function checkInput(
  { phase, request }: InvokeInput,
  of: { readonly event: string | undefined; readonly isEventFunction: boolean; readonly version: string },
): readonly Problem[] {
  const { event, isEventFunction, version } = of;
  if (event === undefined) return [{ path: "event", message: "received none, allowed: any JSON" }];
  if (!isEventFunction) {
    return [{ path: "event", message: `received one, but version "${version}" is no event function` }];
  }
  const problems: Problem[] = [];
  for (const [path, value] of Object.entries({ phase, request })) {
    if (value !== undefined) problems.push({ path, message: "received beside an event, allowed: one of them" });
  }
  const bytes = Buffer.byteLength(event);
  const { eventBytesMax } = callLimits;
  if (bytes > eventBytesMax) {
    problems.push({
      path: "event",
      message: `received ${String(bytes)} bytes of JSON, allowed in an asynchronous call: at most ${String(eventBytesMax)}`,
    });
  }
  return problems;
}

function requireQueueName(name: string): void {
  const allowed = refuseQueueName(name);
  if (allowed !== null)
    throw invalidInput([{ path: "queue", message: `received ${showValue(name)}, allowed: ${allowed}` }]);
}

function toResource(row: CallRow): CallResource {
  return {
    requestId: row.id,
    function: row.function,
    qualifier: row.qualifier,
    state: row.state,
    createdAt: isoTime(row.acceptedAtMs),
    startedAt: isoTimeOrNull(row.startedAtMs),
    endedAt: isoTimeOrNull(row.endedAtMs),
    dueAt: row.state === "wait" ? isoTime(row.dueAtMs) : null,
    attempts: row.attempts,
    depth: row.depth,
    durationMs: row.durationMs,
    errorCode: row.code,
    errorMessage: row.message,
    destination: row.destination,
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}
