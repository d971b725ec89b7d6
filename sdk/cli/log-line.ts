/** One log record as a line for people; an error's stack follows on lines of its own. */
import type { LogRecord } from "../desired-state.ts";
import type { Colors } from "./output.ts";
import { printable } from "./text-table.ts";

export function logLine(record: LogRecord, colors: Colors): string {
  const level = record.level.toUpperCase().padEnd(5);
  const paint = record.level === "error" ? colors.red : record.level === "warn" ? colors.yellow : colors.dim;
  const where = `${record.function}@${record.version} ${record.phase} ${record.requestId}`;
  const code = record.code === undefined ? "" : `${record.code} `;
  const text = printable(`${code}${record.message}`);
  const stack = record.stack === undefined || record.stack === "" ? "" : `\n${printable(record.stack)}`;
  return `${colors.dim(new Date(record.time).toISOString())} ${paint(level)} ${colors.dim(where)} ${text}${stack}`;
}
