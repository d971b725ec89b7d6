/**
 * Turns positions of a bundle, as V8 prints them in a stack, into the author's files, lines and columns.
 *
 * Pure: it knows neither where the map is stored nor who logs the result. The map is the author's and may be hostile or broken:
 * whatever it holds, the worst outcome is the stack as it was. Frames of other scripts are left alone.
 */
import { TraceMap, originalPositionFor } from "@jridgewell/trace-mapping";

/** The name under which every bundle is compiled, so that its frames can be told from the runtime's own. */
export const moduleScriptName = "function.js";

/** Frames beyond this many lines are left as they are. */
const LINES_MAX = 200;
const SOURCE_CHARS_MAX = 512;

/** A parsed source map; make one per version and keep it, parsing a large map takes tens of milliseconds. */
export class StackMap {
  readonly #trace: TraceMap | null;

  /** `sourceMap` is the JSON text of a version 3 map; anything else gives a map that changes nothing. */
  constructor(sourceMap: string) {
    this.#trace = parseTrace(sourceMap);
  }

  /** `stack` with every position of `function.js` replaced by `file:line:column` (both from 1) where the map knows it. */
  map(stack: string): string {
    const trace = this.#trace;
    if (trace === null) return stack;
    const lines = stack.split("\n");
    const mapped = lines.map((line, index) => (index < LINES_MAX && hasPosition(line) ? mapLine(line, trace) : line));
    return mapped.join("\n");
  }
}

/** One stack through one map; see `StackMap` for many stacks of one version. */
export function mapStack(stack: string, sourceMap: string): string {
  return new StackMap(sourceMap).map(stack);
}

function parseTrace(sourceMap: string): TraceMap | null {
  try {
    const trace = new TraceMap(sourceMap);
    // Decodes the mappings now, so that a broken map shows here and not at the first error.
    originalPositionFor(trace, { line: 1, column: 0 });
    return trace;
  } catch {
    return null;
  }
}

/** A frame (`    at …`), or the `[file:line:column]` that isolated-vm puts behind the message of a syntax error. */
function hasPosition(line: string): boolean {
  return /^\s+at /.test(line) || /\[function\.js:\d+:\d+\]$/.test(line);
}

function mapLine(line: string, trace: TraceMap): string {
  return line.replaceAll(
    /(?<=^|[\s([])function\.js:(\d{1,9}):(\d{1,9})/g,
    (position: string, lineText: string, columnText: string) =>
      originalText(trace, Number(lineText), Number(columnText)) ?? position,
  );
}

function originalText(trace: TraceMap, line: number, column: number): string | null {
  if (line < 1 || column < 1) return null;
  const original = originalPositionFor(trace, { line, column: column - 1 });
  // A broken map may name a source that it does not have.
  const source: unknown = original.source;
  if (typeof source !== "string" || original.line === null || original.column === null) return null;
  return `${printable(source)}:${String(original.line)}:${String(original.column + 1)}`;
}

/** A source name of a foreign map, fit for one line of a log. */
function printable(source: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what must not reach a log or a terminal
  return source.slice(0, SOURCE_CHARS_MAX).replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "?");
}
