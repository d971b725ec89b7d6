/** A file that a setting names: its text, or why it cannot be read. */
import type { Parsed } from "../../sdk/problem.ts";

/** @param readFile throws when the file cannot be read. */
export function readText(file: string, readFile: (file: string) => string): Parsed<string> {
  try {
    return { ok: true, value: readFile(file) };
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, problems: [{ path: file, message }] };
  }
}
