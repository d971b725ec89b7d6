/** Reads the command line of `npm run hostile`. Pure: strings in, a request or a list of problems out. */
import { parseArgs } from "node:util";
import { formatProblems, type Parsed } from "../../sdk/problem.ts";

export interface HostileRequest {
  /** Print the usage and nothing else. */
  readonly help: boolean;
  readonly json: boolean;
  readonly check: boolean;
  /** Folder of programs; null: the project's own corpus. */
  readonly dir: string | null;
  /** Names of programs; empty means all. */
  readonly only: readonly string[];
}

export const hostileUsage: string = `Usage: npm run hostile [-- options]

Runs hostile functions against a real node while a neighbour function answers steady traffic, and says what each of them did.

  --json       print the report as one JSON object in the last line
  --check      exit with 1 when a goal is not met
  --dir DIR    programs of this folder (*.mjs, *.ts) instead of those in test/hostile/programs
  --only NAME  only this program; may be repeated

A program is one module whose first line is "// attack: what it attacks", with a default export of hooks.
`;

/** The request, or what is wrong with it. */
export function parseHostileArguments(args: readonly string[]): Parsed<HostileRequest> {
  try {
    const {
      help = false,
      json = false,
      check = false,
      dir,
      only = [],
    } = parseArgs({ args: [...args], options }).values;
    if (dir === "") return { ok: false, problems: [{ path: "--dir", message: "received nothing, allowed: a folder" }] };
    return { ok: true, value: { help, json, check, dir: dir ?? null, only } };
  } catch (error) {
    const message = error instanceof Error ? error.message : "unreadable";
    return { ok: false, problems: [{ path: "arguments", message }] };
  }
}

/** The problems with the usage below them. */
export function formatHostileRefusal(problems: Parameters<typeof formatProblems>[0]): string {
  return `${formatProblems(problems)}\n\n${hostileUsage}`;
}

const options = {
  help: { type: "boolean" },
  json: { type: "boolean" },
  check: { type: "boolean" },
  dir: { type: "string" },
  only: { type: "string", multiple: true },
} as const;
