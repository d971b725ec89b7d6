/**
 * The `context` of an event function (interfaces.md §1.2): who called it, what it may use, how long it has. One object for each event.
 * Methods as on the system being implemented, numbers of memory and CPU as strings there too. It holds no host capability.
 */
import type { LogLevel } from "../../host-port.ts";

/** What stays the same in one instance. */
export interface InstanceDescription {
  readonly functionName: string;
  readonly version: string;
  readonly memoryMiB: number;
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** What the hook's own context gives. */
export interface HookContext {
  readonly requestId: string;
  readonly logger: Readonly<Record<LogLevel, (...values: unknown[]) => void>>;
  getRemainingTimeInMilliSeconds(): number;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export interface EventLogger {
  debug(...values: readonly unknown[]): void;
  info(...values: readonly unknown[]): void;
  warn(...values: readonly unknown[]): void;
  error(...values: readonly unknown[]): void;
  /** `DEBUG`, `INFO`, `WARN` or `ERROR`: what is below is dropped. Default INFO. Anything else changes nothing. */
  setLevel(level: unknown): void;
}

export class EventContext {
  readonly #instance: InstanceDescription;
  readonly #hook: HookContext;
  readonly #alias: string;
  #logger: EventLogger | null = null;
  /** The author's to set. */
  state: unknown;
  readonly requestID: string;
  readonly traceID: string;

  constructor(instance: InstanceDescription, { hook, alias }: { readonly hook: HookContext; readonly alias: string }) {
    this.#instance = instance;
    this.#hook = hook;
    this.#alias = alias;
    this.requestID = hook.requestId;
    this.traceID = hook.requestId;
  }

  getRequestID(): string {
    return this.requestID;
  }
  /** Until the wall limit, at least 0. */
  getRemainingTimeInMilliSeconds(): number {
    return this.#hook.getRemainingTimeInMilliSeconds();
  }
  /** The wall limit, in milliseconds in spite of its name, as on the system being implemented. */
  getRunningTimeInSeconds(): number {
    return this.#instance.timeoutMs;
  }
  /** A value of the function's environment; undefined when there is none. */
  getUserData(key: unknown): string | undefined {
    const { environment } = this.#instance;
    return typeof key === "string" && Object.hasOwn(environment, key) ? environment[key] : undefined;
  }
  getFunctionName(): string {
    return this.#instance.functionName;
  }
  getVersion(): string {
    return this.#instance.version;
  }
  getPackage(): string {
    return this.#preset("RUNTIME_PACKAGE");
  }
  getProjectID(): string {
    return this.#preset("RUNTIME_PROJECT_ID");
  }
  getAlias(): string {
    return this.#alias;
  }
  /** MiB. */
  getMemorySize(): string {
    return String(this.#instance.memoryMiB);
  }
  /** Thousandths of a core. */
  getCPUNumber(): string {
    return this.#preset("RUNTIME_CPU");
  }
  /** Keys of an account are discontinued on the system being implemented, and there are none here: always empty. */
  getAccessKey(): string {
    return "";
  }
  getSecretKey(): string {
    return "";
  }
  getSecurityAccessKey(): string {
    return "";
  }
  getSecuritySecretKey(): string {
    return "";
  }
  getSecurityToken(): string {
    return "";
  }
  getToken(): string {
    return "";
  }
  /** Workflows do not call functions here: always empty. */
  getWorkflowID(): string {
    return "";
  }
  getWorkflowRunID(): string {
    return "";
  }
  getWorkflowStateID(): string {
    return "";
  }

  /** Its lines carry this event's request id whatever else the instance is doing. */
  getLogger(): EventLogger {
    return (this.#logger ??= createLogger(this.#hook.logger));
  }

  #preset(name: string): string {
    return this.#instance.environment[name] ?? "";
  }
}

function createLogger(lines: HookContext["logger"]): EventLogger {
  let lowest = levels.indexOf("info");
  const at =
    (level: LogLevel) =>
    (...values: readonly unknown[]): void => {
      if (levels.indexOf(level) >= lowest) lines[level](...values);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    setLevel(level) {
      const found = levels.indexOf(String(level).toLowerCase() as LogLevel);
      if (found >= 0) lowest = found;
    },
  };
}
