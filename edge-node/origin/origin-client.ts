/**
 * Asks a domain's origin: turns a request and the origins to try into connections, and goes on to the next origin when one cannot be reached.
 *
 * Knows domains' sources and nothing of rules or caches. Invariant: a request is sent a second time only when no server can have acted
 * on it, or when its method allows it and its body is still at hand.
 */
import type { Body } from "../../runtime/body.ts";
import type { DomainSource, OriginProtocol } from "../../sdk/domain.ts";
import { getHeader, setHeader, type HeaderText } from "../../sdk/header-text.ts";
import type { Connections } from "./connections.ts";
import { startExchange, type ExchangeFailure, type ExchangeResponse, type RunningExchange } from "./http-exchange.ts";

/** Where a request may go, in the order to try. */
export interface OriginTarget {
  /** `http://host:port`. */
  readonly origin: string;
  /** Host header, unless the request's own `host` field is set. */
  readonly host: string;
}

export interface OriginRequest {
  readonly method: string;
  readonly target: string;
  /** Without hop-by-hop fields. A `host` field goes to every target; without one each target's own is sent. */
  readonly headers: HeaderText;
  readonly body: Body;
  readonly headTimeoutMs: number;
}

export interface RunningOriginRequest {
  readonly result: Promise<ExchangeResponse | ExchangeFailure>;
  cancel(): void;
}

/** Bytes of an answer's body may be this far apart. */
const IDLE_TIMEOUT_MS = 30_000;
/** Methods whose repetition changes nothing (RFC 9110 §9.2.2). */
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** The target that a source is for a client that came by `scheme`. */
export function sourceTarget(
  source: DomainSource,
  client: { readonly protocol: OriginProtocol; readonly scheme: "http" | "https"; readonly host: string },
): OriginTarget {
  const scheme = client.protocol === "follow" ? client.scheme : client.protocol;
  const port = scheme === "https" ? source.https_port : source.http_port;
  const address = source.origin_addr.includes(":") ? `[${source.origin_addr}]` : source.origin_addr;
  return { origin: `${scheme}://${address}:${port}`, host: source.host_name ?? client.host };
}

/** Sends a request to the first target that can be reached. `targets` is not empty. */
export function askOrigin(
  connections: Connections,
  ask: { readonly request: OriginRequest; readonly targets: readonly OriginTarget[] },
): RunningOriginRequest {
  const attempts = new Attempts(connections, ask.request);
  return { result: attempts.run(ask.targets), cancel: () => attempts.cancel() };
}

class Attempts {
  readonly #connections: Connections;
  readonly #request: OriginRequest;
  #running: RunningExchange | null = null;
  #aborted = false;

  constructor(connections: Connections, request: OriginRequest) {
    this.#connections = connections;
    this.#request = request;
  }

  cancel(): void {
    this.#aborted = true;
    this.#running?.abort();
  }

  async run(targets: readonly OriginTarget[]): Promise<ExchangeResponse | ExchangeFailure> {
    const replayable = this.#request.body.kind !== "stream";
    let failure: ExchangeFailure = failed("no origin to try");
    for (const target of targets) {
      let result = await this.#send(target);
      if (result.kind === "failed" && result.dropped && replayable && this.#repeatable()) {
        result = await this.#send(target);
      }
      if (result.kind === "response" || this.#aborted || !result.unsent || !replayable) return result;
      failure = result;
    }
    return failure;
  }

  /** A kept-alive connection that the server closed just then looks like a lost request: once more on a new one. */
  #repeatable(): boolean {
    return !this.#aborted && idempotent.has(this.#request.method);
  }

  async #send(target: OriginTarget): Promise<ExchangeResponse | ExchangeFailure> {
    const { method, target: path, body, headTimeoutMs, headers } = this.#request;
    const own = getHeader(headers, "host");
    const pool = this.#connections.pool(target.origin, own ?? target.host);
    this.#running = startExchange(pool, {
      method,
      target: path,
      headers: own === undefined ? setHeader(headers, "host", target.host) : headers,
      body,
      headTimeoutMs,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
    });
    if (this.#aborted) this.#running.abort();
    return await this.#running.result;
  }
}

function failed(message: string): ExchangeFailure {
  return { kind: "failed", code: "ORIGIN_NOT_CONFIGURED", message, unsent: true, dropped: false };
}
