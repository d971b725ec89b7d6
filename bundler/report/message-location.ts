/** Where a message of esbuild points to, as `file:line:column` with both numbers from 1 and the column in characters. */
import type { Message } from "../esbuild.ts";
import { displayPath } from "../source/source-loader.ts";

/** The place of `message`, or `fallback` when it has none. */
export function placeOf({ location }: Message, fallback: string): string {
  if (location === null) return fallback;
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString();
  return `${displayPath(location.file)}:${String(location.line)}:${String(before.length + 1)}`;
}

/** The file that `message` points into, or null. */
export function fileOf({ location }: Message): string | null {
  return location === null ? null : displayPath(location.file);
}
