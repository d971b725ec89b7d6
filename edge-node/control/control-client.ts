/**
 * The node's requests to the control plane: one method each, no retries, no state besides the connections.
 *
 * Knows HTTP and the token; knows nothing of revisions or versions. Invariant: every failure is a `ControlError` with a reason from a
 * closed list, and the token is in no message.
 */
import { Pool, type Dispatcher } from "undici";
import type { Digest } from "../../sdk/artifact.ts";
import type { CallResult, CallResults } from "../../sdk/calls.ts";
import type { ExplainReport } from "../../sdk/explain.ts";
import type { InvokeResult, InvokeResults, LogRecord, NodeAck, NodeRegistration } from "../../sdk/desired-state.ts";
import type { Parsed } from "../../sdk/problem.ts";
import type { PreheatReport, PurgeAck, PurgePosition, PurgesMessage } from "../../sdk/purge.ts";
import type { NodeStatistics } from "../../sdk/statistics.ts";
import { formatPurgePosition } from "../../sdk/purge-position.ts";
import { parsePurges } from "./purges-parser.ts";

/**
 * `unreachable`: no connection, no answer in time, a broken answer or a 5xx; may work later. `unauthenticated`: the token is not (or no
 * longer) good for this. `missing`: there is no such thing. `refused`: any other answer.
 */
export type ControlFailure = "unreachable" | "unauthenticated" | "missing" | "refused";

export class ControlError extends Error {
  readonly reason: ControlFailure;
  /** HTTP status, 0 when there was no answer. */
  readonly status: number;

  constructor(reason: ControlFailure, options: { message: string; status?: number; cause?: unknown }) {
    super(options.message, { cause: options.cause });
    this.name = "ControlError";
    this.reason = reason;
    this.status = options.status ?? 0;
  }
}

/** Where blobs come from. Throws `ControlError`; the iterable throws whatever breaks it. */
export interface BlobSource {
  openBlob(digest: Digest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export interface ControlClientOptions {
  /** Base URL; the API's paths are appended. */
  readonly url: string;
  readonly token: string;
  readonly node: string;
}

const ANSWER_MS = 10_000;
const CONNECT_MS = 5_000;
const CONNECTIONS = 16;
const ERROR_BYTES_MAX = 16_384;

export class ControlClient implements BlobSource {
  readonly #pool: Pool;
  readonly #basePath: string;
  readonly #authorization: string;
  readonly #node: string;

  constructor({ url, token, node }: ControlClientOptions) {
    const base = new URL(url);
    this.#pool = new Pool(base.origin, {
      connections: CONNECTIONS,
      connect: { timeout: CONNECT_MS },
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
    });
    this.#basePath = base.pathname.replace(/\/+$/, "");
    this.#authorization = `Bearer ${token}`;
    this.#node = node;
  }

  register(registration: NodeRegistration, signal: AbortSignal): Promise<void> {
    return this.#post("/v1/nodes", { body: registration, signal });
  }

  /** The stream's bytes. They may stay away for long: silence is the caller's to judge. Ends when `signal` aborts. */
  async openStream(purges: PurgePosition, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const path = `/v1/nodes/stream?node=${encodeURIComponent(this.#node)}&purges=${formatPurgePosition(purges)}`;
    return await this.#request({ method: "GET", path, bodyTimeout: 0, signal });
  }

  async openBlob(digest: Digest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return await this.#request({ method: "GET", path: `/v1/blobs/${digest}`, signal });
  }

  /** The purges after `position`. */
  async missedPurges(position: PurgePosition, signal: AbortSignal): Promise<PurgesMessage> {
    const path = `/v1/nodes/purges?position=${formatPurgePosition(position)}`;
    const body = await this.#request({ method: "GET", path, signal });
    let parsed: Parsed<PurgesMessage>;
    try {
      parsed = parsePurges(await body.json());
    } catch (error) {
      throw unreachable(path, error);
    }
    if (parsed.ok) return parsed.value;
    throw new ControlError("refused", { message: `${path}: the answer is not well-formed` });
  }

  sendPurgeAck(ack: PurgeAck, signal: AbortSignal): Promise<void> {
    return this.#post("/v1/nodes/purge-acks", { body: ack, signal });
  }

  sendPreheatReport(report: PreheatReport, signal: AbortSignal): Promise<void> {
    return this.#post("/v1/nodes/preheat-results", { body: report, signal });
  }

  sendAck(ack: NodeAck, signal: AbortSignal): Promise<void> {
    return this.#post("/v1/nodes/acks", { body: ack, signal });
  }

  sendLogs(records: readonly LogRecord[], signal: AbortSignal): Promise<void> {
    return this.#post("/v1/nodes/logs", { body: { records }, signal });
  }

  sendStatistics(report: NodeStatistics, signal: AbortSignal): Promise<void> {
    return this.#post("/v1/nodes/statistics", { body: report, signal });
  }

  sendInvocationResults(results: readonly InvokeResult[], signal: AbortSignal): Promise<void> {
    const body: InvokeResults = { results };
    return this.#post("/v1/nodes/invocation-results", { body, signal });
  }

  sendCallResults(results: readonly CallResult[], signal: AbortSignal): Promise<void> {
    const body: CallResults = { node: this.#node, results };
    return this.#post("/v1/nodes/call-results", { body, signal });
  }

  sendExplanation(report: ExplainReport, signal: AbortSignal): Promise<void> {
    return this.#post("/v1/nodes/explanations", { body: report, signal });
  }

  /** Breaks what is under way and closes all connections. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #post(path: string, { body, signal }: { readonly body: unknown; readonly signal: AbortSignal }): Promise<void> {
    const answer = await this.#request({
      method: "POST",
      path,
      body: JSON.stringify(body),
      contentType: "application/json",
      signal,
    });
    try {
      await answer.dump({ limit: ERROR_BYTES_MAX });
    } catch (error) {
      throw unreachable(path, error);
    }
  }

  async #request(
    options: Omit<Dispatcher.RequestOptions, "headers"> & { readonly contentType?: string },
  ): Promise<Dispatcher.ResponseData["body"]> {
    const { contentType, ...rest } = options;
    let response: Dispatcher.ResponseData;
    try {
      response = await this.#pool.request({
        ...rest,
        path: this.#basePath + options.path,
        headers: {
          authorization: this.#authorization,
          ...(contentType === undefined ? {} : { "content-type": contentType }),
        },
      });
    } catch (error) {
      throw unreachable(options.path, error);
    }
    if (response.statusCode >= 200 && response.statusCode < 300) return response.body;
    const text = await readStart(response.body);
    throw new ControlError(reasonOf(response.statusCode), {
      message: `${options.method} ${options.path}: the control plane answered ${response.statusCode}: ${text}`,
      status: response.statusCode,
    });
  }
}

function unreachable(path: string, cause: unknown): ControlError {
  const text = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new ControlError("unreachable", { message: `${path}: no answer from the control plane: ${text}`, cause });
}

function reasonOf(status: number): ControlFailure {
  if (status >= 500 || status === 408 || status === 429) return "unreachable";
  if (status === 401 || status === 403) return "unauthenticated";
  if (status === 404 || status === 410) return "missing";
  return "refused";
}

/** The start of an error answer, fit for one log line. */
async function readStart(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of body) {
      parts.push(part);
      bytes += part.byteLength;
      if (bytes >= ERROR_BYTES_MAX) break;
    }
  } catch {
    // The status alone says enough.
  }
  return Buffer.concat(parts).toString("utf8", 0, 500).replaceAll(/\s+/g, " ");
}
