/**
 * `console` (https://console.spec.whatwg.org/) onto the host's log.
 *
 * At module top level there is no host and nothing is logged: a snapshot must not keep lines for every instance made from it.
 */
import { hostPortOrNull, type LogLevel } from "../../host-port.ts";
import { loadPart } from "../../parts/load-part.ts";
import { formatLog, inspect } from "./format.ts";

/** Labels of counters and timers kept; more are not counted. */
const LABELS_MAX = 1_000;
const GROUPS_MAX = 20;

/** A console object with counters, timers and groups of its own. */
export function createConsole(): object {
  const sink = new ConsoleSink();
  const console: Record<string, (...values: never[]) => void> = Object.create({}) as never;
  const methods: Record<string, (...values: never[]) => void> = {
    assert: (condition?: unknown, ...values: unknown[]) => {
      if (!condition) sink.write("error", assertionValues(values));
    },
    count: (label: unknown = "default") => sink.count(String(label)),
    countReset: (label: unknown = "default") => sink.countReset(String(label)),
    debug: (...values: unknown[]) => sink.write("debug", values),
    dir: (value?: unknown) => sink.writeText("info", inspect(value)),
    dirxml: (...values: unknown[]) => sink.write("info", values),
    error: (...values: unknown[]) => sink.write("error", values),
    group: (...values: unknown[]) => sink.group(values),
    groupCollapsed: (...values: unknown[]) => sink.group(values),
    groupEnd: () => sink.groupEnd(),
    info: (...values: unknown[]) => sink.write("info", values),
    log: (...values: unknown[]) => sink.write("info", values),
    table: (data?: unknown, columns?: readonly unknown[]) => {
      sink.writeText(
        "info",
        loadPart("inspect").tableText(data, Array.isArray(columns) ? columns : undefined) ?? inspect(data),
      );
    },
    time: (label: unknown = "default") => sink.time(String(label)),
    timeEnd: (label: unknown = "default") => sink.timeEnd(String(label)),
    timeLog: (label: unknown = "default", ...values: unknown[]) => sink.timeLog(String(label), values),
    trace: (...values: unknown[]) => sink.writeText("debug", traceText(values)),
    warn: (...values: unknown[]) => sink.write("warn", values),
    clear: () => undefined,
  };
  for (const [name, method] of Object.entries(methods)) {
    Object.defineProperty(console, name, { value: method, writable: true, enumerable: true, configurable: true });
  }
  Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });
  return console;
}

class ConsoleSink {
  readonly #counts = new Map<string, number>();
  readonly #timers = new Map<string, number>();
  #depth = 0;

  write(level: LogLevel, values: readonly unknown[]): void {
    const port = hostPortOrNull();
    if (port !== null) this.writeText(level, formatLog(values));
  }

  writeText(level: LogLevel, text: string): void {
    const indent = "  ".repeat(this.#depth);
    hostPortOrNull()?.log(level, indent === "" ? text : indent + text.replaceAll("\n", `\n${indent}`));
  }

  count(label: string): void {
    const count = (this.#counts.get(label) ?? 0) + 1;
    if (this.#counts.size < LABELS_MAX || this.#counts.has(label)) this.#counts.set(label, count);
    this.writeText("info", `${label}: ${count}`);
  }

  countReset(label: string): void {
    if (!this.#counts.delete(label)) this.writeText("warn", `Count for '${label}' does not exist`);
  }

  group(values: readonly unknown[]): void {
    if (values.length > 0) this.write("info", values);
    this.#depth = Math.min(this.#depth + 1, GROUPS_MAX);
  }

  groupEnd(): void {
    this.#depth = Math.max(this.#depth - 1, 0);
  }

  time(label: string): void {
    const port = hostPortOrNull();
    if (port === null) return;
    if (this.#timers.has(label)) this.writeText("warn", `Timer '${label}' already exists`);
    else if (this.#timers.size < LABELS_MAX) this.#timers.set(label, port.monotonicMs());
  }

  timeEnd(label: string): void {
    this.timeLog(label, []);
    this.#timers.delete(label);
  }

  timeLog(label: string, values: readonly unknown[]): void {
    const port = hostPortOrNull();
    const startedMs = this.#timers.get(label);
    if (port === null) return;
    if (startedMs === undefined) {
      this.writeText("warn", `Timer '${label}' does not exist`);
      return;
    }
    const text = `${label}: ${(port.monotonicMs() - startedMs).toFixed(3)}ms`;
    this.writeText("info", values.length === 0 ? text : `${text} ${formatLog(values)}`);
  }
}

function assertionValues(values: readonly unknown[]): readonly unknown[] {
  const [first, ...rest] = values;
  if (values.length === 0) return ["Assertion failed"];
  return typeof first === "string" ? [`Assertion failed: ${first}`, ...rest] : ["Assertion failed", ...values];
}

function traceText(values: readonly unknown[]): string {
  const lines = (new Error("trace").stack ?? "").split("\n").slice(3);
  return [`Trace: ${formatLog(values)}`, ...lines].join("\n");
}
