/** A logger that keeps its lines for tests to look at. */
import type { LogFields, Logger } from "../../../edge-node/logger.ts";

export interface LoggedLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

export class RecordingLogger implements Logger {
  readonly lines: LoggedLine[] = [];

  debug(fields: LogFields, event: string): void {
    this.lines.push({ level: "debug", event, fields });
  }
  info(fields: LogFields, event: string): void {
    this.lines.push({ level: "info", event, fields });
  }
  warn(fields: LogFields, event: string): void {
    this.lines.push({ level: "warn", event, fields });
  }
  error(fields: LogFields, event: string): void {
    this.lines.push({ level: "error", event, fields });
  }
  child(): Logger {
    return this;
  }

  count(event: string): number {
    return this.lines.filter((line) => line.event === event).length;
  }
}
