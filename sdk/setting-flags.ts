/**
 * A process's command line as flags for `parseSettings`, and the text of its `--help`.
 *
 * Every setting is a flag with one value (`--port 8700` or `--port=8700`); a boolean setting needs none and may be negated
 * (`--no-color`). Two more flags always exist: `--config FILE` and `--help`. Knows no process: the arguments are given.
 */
import type { Parsed, Problem } from "./problem.ts";
import type { Setting } from "./settings.ts";

export interface CommandLine {
  /** By flag name without dashes; goes into `parseSettings`. */
  readonly flags: Readonly<Record<string, string>>;
  /** Value of `--config`, or null. */
  readonly config: string | null;
  readonly help: boolean;
}

/** `arguments_` without the program's own name, as in `process.argv.slice(2)`. Unknown, repeated and bare words are problems. */
export function parseCommandLine(definitions: readonly Setting[], arguments_: readonly string[]): Parsed<CommandLine> {
  const problems: Problem[] = [];
  const found = new Map<string, string>();
  for (let index = 0; index < arguments_.length; index++) {
    const word = arguments_[index] ?? "";
    const read = readWord(definitions, { word, next: arguments_[index + 1] });
    if ("problem" in read) {
      problems.push({ path: word.split("=", 1)[0] ?? word, message: read.problem });
      continue;
    }
    if (read.usesNext) index++;
    if (found.has(read.flag)) problems.push({ path: `--${read.flag}`, message: "is given twice, allowed: once" });
    found.set(read.flag, read.value);
  }
  if (problems.length > 0) return { ok: false, problems };
  const { config = null, help, ...flags } = Object.fromEntries(found);
  return { ok: true, value: { flags, config, help: help !== undefined } };
}

/** One line per flag with its variable, default and meaning. */
export function describeFlags(definitions: readonly Setting[]): string {
  const rows = definitions.map((definition) => [
    definition.kind === "boolean" ? `--[no-]${definition.flag}` : `--${definition.flag} ${placeholder(definition)}`,
    `${definition.description} (${definition.environment}; ${presence(definition)})`,
  ]);
  rows.unshift(["--config FILE", "Configuration file, JSON or YAML."], ["--help", "Shows this text."]);
  const width = Math.max(...rows.map(([flag = ""]) => flag.length));
  return rows.map(([flag = "", text = ""]) => `  ${flag.padEnd(width)}  ${text}`).join("\n");
}

type WordRead =
  { readonly flag: string; readonly value: string; readonly usesNext: boolean } | { readonly problem: string };

function readWord(
  definitions: readonly Setting[],
  { word, next }: { readonly word: string; readonly next: string | undefined },
): WordRead {
  const match = /^--([a-z][a-z0-9-]*)(?:=([^]*))?$/.exec(word);
  if (match?.[1] === undefined) return { problem: "is not a flag, allowed: --name value" };
  const [, flag, value] = match;
  if (flag === "help") return { flag, value: "true", usesNext: false };
  const negated = definitions.find(({ kind, flag: name }) => kind === "boolean" && flag === `no-${name}`);
  if (negated !== undefined && value === undefined) return { flag: negated.flag, value: "false", usesNext: false };
  const definition = definitions.find(({ flag: name }) => name === flag);
  if (definition === undefined && flag !== "config") {
    return {
      problem: `is not a flag, allowed: ${definitions.map(({ flag: name }) => `--${name}`).join(", ")}, --config`,
    };
  }
  if (value !== undefined) return { flag, value, usesNext: false };
  if (definition?.kind === "boolean") return { flag, value: "true", usesNext: false };
  if (next === undefined) return { problem: "needs a value" };
  return { flag, value: next, usesNext: true };
}

function placeholder(definition: Setting): string {
  switch (definition.kind) {
    case "integer":
      return `${definition.min}..${definition.max}`;
    case "choice":
      return definition.values.join("|");
    case "list":
      return "A,B";
    case "string":
    case "boolean":
      return "TEXT";
  }
}

function presence(definition: Setting): string {
  if (definition.required) return "required";
  if (definition.default === null) return "optional";
  const text = String(definition.default);
  return `default ${text === "" ? "none" : text}`;
}
