/**
 * One control plane over HTTP: sends JSON, reads JSON or lines, and turns everything that goes wrong into `SelvageApiError`.
 *
 * Knows no route. Invariant: every call has a deadline, every answer that is not 2xx throws, and the token is sent to the
 * configured origin only (redirects are not followed).
 */
import { SelvageApiError } from "../api-error.ts";
import { errorCodes, type ErrorCode } from "../error-code.ts";
import type { Problem } from "../problem.ts";

export interface ConnectionOptions {
  /** Base URL, for example `http://127.0.0.1:8700`. */
  readonly url: string;
  /** Empty: no Authorization header. */
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Beside those of every request; undefined ones are not sent. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** Until the whole answer is there. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Streams: called when the answer's head is there. */
  readonly onOpen?: () => void;
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Longest line of a stream, characters. */
const LINE_CHARS_MAX = 1_048_576;

export class RestConnection {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** The answer's JSON; undefined for an empty one (204). */
  async call(request: `${Method} /${string}`, options: CallOptions): Promise<unknown> {
    const deadline = AbortSignal.timeout(options.timeoutMs);
    try {
      const response = await this.#send(request, { ...options, signal: joinSignals(deadline, options.signal) });
      const text = await response.text();
      if (!response.ok) throw answerError(response, text);
      return text === "" ? undefined : parseAnswer(response, text);
    } catch (error) {
      throw this.#explain(error, { deadline, timeoutMs: options.timeoutMs, signal: options.signal });
    }
  }

  /** The answer's bytes as they come. The deadline covers the answer's head only. */
  async *bytes(request: `${Method} /${string}`, options: CallOptions): AsyncGenerator<Uint8Array> {
    yield* this.#stream(request, options);
  }

  /** The answer line by line as it comes, blank lines left out. The deadline covers the answer's head only. */
  async *lines(request: `${Method} /${string}`, options: CallOptions): AsyncGenerator<string> {
    yield* splitLines(this.#stream(request, options));
  }

  async *#stream(request: `${Method} /${string}`, options: CallOptions): AsyncGenerator<Uint8Array> {
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      deadline.abort();
    }, options.timeoutMs);
    try {
      const response = await this.#send(request, { ...options, signal: joinSignals(deadline.signal, options.signal) });
      clearTimeout(timer);
      if (!response.ok) throw answerError(response, await response.text());
      options.onOpen?.();
      if (response.body !== null) yield* response.body;
    } catch (error) {
      throw this.#explain(error, { deadline: deadline.signal, timeoutMs: options.timeoutMs, signal: options.signal });
    } finally {
      clearTimeout(timer);
    }
  }

  async #send(
    request: `${Method} /${string}`,
    { body, headers: more = {}, signal }: Pick<CallOptions, "body" | "headers"> & { readonly signal: AbortSignal },
  ): Promise<Response> {
    const [method = "GET", path = "/"] = request.split(" ", 2);
    const headers = new Headers({ accept: "application/json" });
    if (this.#options.token !== "") headers.set("authorization", `Bearer ${this.#options.token}`);
    for (const [name, value] of Object.entries(more)) if (value !== undefined) headers.set(name, value);
    if (body !== undefined) headers.set("content-type", "application/json");
    return this.#options.fetch(new URL(path, this.#options.url), {
      method,
      headers,
      signal,
      redirect: "manual",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  #explain(
    error: unknown,
    call: { readonly deadline: AbortSignal; readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
  ): unknown {
    if (error instanceof SelvageApiError || call.signal?.aborted === true) return error;
    const where = `the control plane at ${this.#options.url}`;
    if (call.deadline.aborted) {
      const message = `Cannot wait longer for ${where}: no complete answer within ${call.timeoutMs} ms`;
      return new SelvageApiError("CONTROL_TIMEOUT", message, { status: 0, cause: error });
    }
    const message = `Cannot reach ${where}: ${reasonOf(error)}`;
    return new SelvageApiError("CONTROL_UNREACHABLE", message, { status: 0, cause: error });
  }
}

function joinSignals(deadline: AbortSignal, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
}

/** `fetch` hides the reason in `cause`, and that of several addresses in `errors`. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}

function parseAnswer(response: Response, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const message = `The answer of ${response.url} is not JSON: is this the URL of a control plane?`;
    throw new SelvageApiError("CONTROL_ANSWER_INVALID", message, { status: response.status, cause });
  }
}

function answerError(response: Response, text: string): SelvageApiError {
  const { status } = response;
  const body = readErrorBody(text);
  if (body === null) {
    const message = `The answer of ${response.url} has status ${status} and is not an error of a control plane`;
    return new SelvageApiError("CONTROL_ANSWER_INVALID", message, { status });
  }
  return new SelvageApiError(body.code, body.message, { status, requestId: body.requestId, problems: body.problems });
}

interface ReadError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly requestId: string;
  readonly problems: readonly Problem[];
}

function readErrorBody(text: string): ReadError | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  const { error } = Object(parsed) as { error?: unknown };
  const { code, message, requestId, problems } = Object(error) as { [key: string]: unknown };
  if (typeof code !== "string" || !Object.hasOwn(errorCodes, code) || typeof message !== "string") return null;
  return {
    code: code as ErrorCode,
    message,
    requestId: typeof requestId === "string" ? requestId : "",
    problems: Array.isArray(problems) ? (problems as readonly Problem[]) : [],
  };
}

async function* splitLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > LINE_CHARS_MAX) throw new Error(`a line is longer than ${LINE_CHARS_MAX} characters`);
    for (const line of parts) if (line.trim() !== "") yield line;
  }
  if (rest.trim() !== "") yield rest;
}
