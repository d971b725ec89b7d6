/**
 * The control plane's own log: JSON lines with a constant `event` name and fields.
 *
 * Functions' log lines are not this: they arrive from nodes as `LogRecord`s. Invariant: no headers, bodies, secrets, tokens or
 * environment variables are ever passed as fields.
 */
import pino from "pino";

export type LogFields = Readonly<Record<string, unknown>>;

/** What the parts of the control plane log to; a pino logger is one. */
export interface Logger {
  debug(fields: LogFields, event: string): void;
  info(fields: LogFields, event: string): void;
  warn(fields: LogFields, event: string): void;
  error(fields: LogFields, event: string): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

export type LogThreshold = "debug" | "info" | "warn" | "error" | "silent";

/** A logger that writes JSON lines to standard error, so that standard output stays for what a person is told once. */
export function createLogger(options: { readonly level: LogThreshold; readonly fields: LogFields }): Logger {
  const destination = pino.destination({ dest: 2, sync: false });
  const serializers = { error: pino.stdSerializers.err };
  return pino({ level: options.level, messageKey: "event", base: { ...options.fields }, serializers }, destination);
}

/** A logger that drops everything. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
