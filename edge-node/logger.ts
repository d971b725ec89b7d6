/**
 * The log of a node's own processes: JSON lines with a constant `event` name and fields.
 *
 * Functions' log lines are not this: they travel as `LogRecord`s. Invariant: no headers, bodies, secrets or
 * environment variables are ever passed as fields.
 */
import pino from "pino";

export type LogFields = Readonly<Record<string, unknown>>;

/** What the parts of a node log to; a pino logger is one. */
export interface Logger {
  debug(fields: LogFields, event: string): void;
  info(fields: LogFields, event: string): void;
  warn(fields: LogFields, event: string): void;
  error(fields: LogFields, event: string): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

export type LogThreshold = "debug" | "info" | "warn" | "error" | "silent";

/** A logger that writes JSON lines to standard output, each with `fields`. */
export function createLogger(options: { readonly level: LogThreshold; readonly fields: LogFields }): Logger {
  return pino({ level: options.level, messageKey: "event", base: { ...options.fields } });
}

/** A logger that drops everything. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
