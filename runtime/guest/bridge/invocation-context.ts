/**
 * The `ctx` of a hook: who is asking, what the function may do beside answering. One object for each invocation.
 * It holds no host capability; `waitUntil` and `passThroughOnException` only note what the bridge reads later.
 */
import type { Hook } from "../../../sdk/phase.ts";
import type { LogLevel } from "../host-port.ts";

export interface ContextFields {
  readonly requestId: string;
  readonly functionName: string;
  readonly version: string;
  readonly phase: Hook;
  readonly rulePriority: number;
  readonly domain: string;
  readonly clientIp: string;
  readonly cacheStatus: string;
  /** As in the frame; "": not known. */
  readonly tls: string;
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
  /** Response phases: the request the response belongs to. */
  readonly request: (() => unknown) | null;
  readonly log: (level: LogLevel, message: string) => void;
  readonly waitUntil: (promise: unknown) => void;
  readonly passThrough: () => void;
  readonly format: (values: readonly unknown[]) => string;
}

export interface ContextTls {
  readonly version: string;
  readonly cipher: string;
  readonly serverName: string;
}

export class InvocationContext {
  readonly #fields: ContextFields;
  #request: unknown;

  constructor(fields: ContextFields) {
    this.#fields = fields;
  }

  get requestId(): string {
    return this.#fields.requestId;
  }
  get functionName(): string {
    return this.#fields.functionName;
  }
  get version(): string {
    return this.#fields.version;
  }
  get phase(): Hook {
    return this.#fields.phase;
  }
  get rule(): { readonly priority: number } {
    return { priority: this.#fields.rulePriority };
  }
  get domain(): string {
    return this.#fields.domain;
  }
  get clientIp(): string {
    return this.#fields.clientIp;
  }
  /** The client's connection to the node; undefined when it is not over TLS, or not known. */
  get tls(): ContextTls | undefined {
    const { tls } = this.#fields;
    if (tls === "") return undefined;
    // The name is the client's: only what stands before it has no blanks.
    const first = tls.indexOf(" ");
    const second = tls.indexOf(" ", first + 1);
    return { version: tls.slice(0, first), cipher: tls.slice(first + 1, second), serverName: tls.slice(second + 1) };
  }
  get cacheStatus(): string {
    return this.#fields.cacheStatus;
  }
  /** Response phases: the request; otherwise undefined. */
  get request(): unknown {
    if (this.#request === undefined && this.#fields.request !== null) this.#request = this.#fields.request();
    return this.#request;
  }

  /** Keeps the invocation alive after its answer until `promise` settles. A rejection is logged. */
  waitUntil(promise: unknown): void {
    this.#fields.waitUntil(promise);
  }

  /** When the hook fails, the message goes on unmodified, whatever the rule's `onError` says. */
  passThroughOnException(): void {
    this.#fields.passThrough();
  }

  /** Milliseconds until the wall limit, at least 0. */
  getRemainingTimeInMilliSeconds(): number {
    const remaining = this.#fields.deadlineMs - Date.now();
    return remaining > 0 ? remaining : 0;
  }

  /** Log lines that carry this request's id whatever else the instance is doing. */
  get logger(): Readonly<Record<LogLevel, (...values: unknown[]) => void>> {
    const { log, format } = this.#fields;
    return {
      debug: (...values) => {
        log("debug", format(values));
      },
      info: (...values) => {
        log("info", format(values));
      },
      warn: (...values) => {
        log("warn", format(values));
      },
      error: (...values) => {
        log("error", format(values));
      },
    };
  }
}
