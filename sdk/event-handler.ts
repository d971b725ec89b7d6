/**
 * What an event function looks like: a handler and, by choice, an initializer, exported by name (`event` in selvage.json says which).
 *
 * Types only, and on purpose without any import, so that a project may keep a copy beside its sources. The context's methods are those of the
 * system being implemented (interfaces.md §1.2).
 */

/** `export const handler: EventHandler = async (event, context) => …`. It declares two or three parameters. */
export type EventHandler<Event = unknown, Result = unknown> = (
  event: Event,
  context: EventContext,
  callback: EventCallback<Result>,
) => Promise<Result> | void;

/** Runs once in each instance, before its first event. It declares two parameters. */
export type EventInitializer = (context: EventContext, callback: EventCallback<never>) => Promise<void> | void;

/** `callback(null, result)` or `callback(error)`; the first call counts, and one without arguments is an error. */
export type EventCallback<Result> = (error: Error | string | null | undefined, result?: Result) => void;

/** Who calls, what the function has, and how long. */
export interface EventContext {
  readonly requestID: string;
  readonly traceID: string;
  getRequestID(): string;
  /** Until `eventWallMs`, at least 0. */
  getRemainingTimeInMilliSeconds(): number;
  /** `eventWallMs`: milliseconds in spite of its name, as on the system being implemented. */
  getRunningTimeInSeconds(): number;
  /** A variable or secret of the function. */
  getUserData(key: string): string | undefined;
  getFunctionName(): string;
  getVersion(): string;
  /** Empty when the event was not sent to an alias. */
  getAlias(): string;
  getPackage(): string;
  getProjectID(): string;
  /** MiB, as text. */
  getMemorySize(): string;
  /** Thousandths of a core, as text. */
  getCPUNumber(): string;
  /** printf-like: `%s`, `%d`, `%i`, `%f`, `%j`, `%o`, `%O`. Lines carry this event's request id. */
  getLogger(): EventLogger;
}

export interface EventLogger {
  debug(...values: readonly unknown[]): void;
  info(...values: readonly unknown[]): void;
  warn(...values: readonly unknown[]): void;
  error(...values: readonly unknown[]): void;
  /** What is below is dropped. Default INFO. */
  setLevel(level: "DEBUG" | "INFO" | "WARN" | "ERROR"): void;
}
