/** A secret on the command line: `KEY=VALUE`, or `KEY` with the value in the environment or on standard input. */
import type { CliContext } from "./cli-context.ts";
import { parsePair } from "./option-values.ts";

/** Key and value. Standard input loses its last line break, because `echo` adds one. */
export async function readSecret(text: string, context: CliContext): Promise<readonly [key: string, value: string]> {
  if (text.includes("=")) return parsePair(text);
  const value = context.environment[text];
  if (value !== undefined && value !== "") return [text, value];
  return [text, (await context.readStdin()).replace(/\r?\n$/, "")];
}
