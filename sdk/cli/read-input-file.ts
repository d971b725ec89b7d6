/** Reads the JSON or YAML file a command was given; `-` is standard input. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parse } from "yaml";
import type { CliContext } from "./cli-context.ts";
import { refusal } from "./exit-code.ts";

/** The parsed content. YAML includes JSON, so the file's name does not matter. */
export async function readInputFile(file: string, context: CliContext): Promise<unknown> {
  let text: string;
  try {
    text = file === "-" ? await context.readStdin() : await readFile(resolve(context.workingDirectory, file), "utf8");
  } catch (error) {
    throw refusal(`Cannot read ${file}`, [{ path: file, message: (error as Error).message }]);
  }
  try {
    return parse(text) as unknown;
  } catch (error) {
    throw refusal(`Cannot read ${file}`, [
      { path: file, message: `is neither JSON nor YAML: ${(error as Error).message}` },
    ]);
  }
}
