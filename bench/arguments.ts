/** Reads the command line of `npm run bench`. Pure: strings in, a request or a list of problems out. */
import { parseArgs } from "node:util";
import { formatProblems, type Parsed, type Problem } from "../sdk/problem.ts";

export interface BenchRequest {
  /** A scenario's name, `peers`, or null for the list. */
  readonly scenario: string | null;
  readonly json: boolean;
  readonly check: boolean;
  readonly seconds: number;
  /** Null: as many as the scenario has goals for. */
  readonly functions: number | null;
}

const SECONDS = { default: 4, min: 1, max: 600 } as const;
const FUNCTIONS = { min: 40, max: 100_000 } as const;

export const benchUsage: string = `Usage: npm run bench -- <scenario> [--json] [--check] [--seconds N] [--functions N]

  --json       print the report as one JSON object in the last line
  --check      exit with 1 when a goal is not met
  --seconds N  length of one load run, ${SECONDS.min}..${SECONDS.max}, default ${SECONDS.default}
  --functions N  functions that density publishes, ${FUNCTIONS.min}..${FUNCTIONS.max}, default as many as its goals are for
`;

/** The request, or what is wrong with it. */
export function parseBenchArguments(args: readonly string[]): Parsed<BenchRequest> {
  const parsed = readArguments(args);
  if (!parsed.ok) return parsed;
  const { values, positionals } = parsed.value;
  const problems: Problem[] = [];
  const seconds = Number(values.seconds ?? SECONDS.default);
  if (!Number.isInteger(seconds) || seconds < SECONDS.min || seconds > SECONDS.max) {
    const message = `received ${JSON.stringify(values.seconds)}, allowed: an integer ${SECONDS.min}..${SECONDS.max}`;
    problems.push({ path: "--seconds", message });
  }
  const functions = values.functions === undefined ? null : Number(values.functions);
  if (
    functions !== null &&
    !(Number.isInteger(functions) && functions >= FUNCTIONS.min && functions <= FUNCTIONS.max)
  ) {
    const message = `received ${JSON.stringify(values.functions)}, allowed: an integer ${FUNCTIONS.min}..${FUNCTIONS.max}`;
    problems.push({ path: "--functions", message });
  }
  if (positionals.length > 1)
    problems.push({ path: "scenario", message: `received ${positionals.length}, allowed: one` });
  if (problems.length > 0) return { ok: false, problems };
  const { json = false, check = false } = values;
  return { ok: true, value: { scenario: positionals[0] ?? null, json, check, seconds, functions } };
}

/** The problems with the usage below them. */
export function formatBenchRefusal(problems: readonly Problem[]): string {
  return `${formatProblems(problems)}\n\n${benchUsage}`;
}

interface RawArguments {
  readonly values: {
    readonly json?: boolean;
    readonly check?: boolean;
    readonly seconds?: string;
    readonly functions?: string;
  };
  readonly positionals: readonly string[];
}

function readArguments(args: readonly string[]): Parsed<RawArguments> {
  const options = {
    json: { type: "boolean" },
    check: { type: "boolean" },
    seconds: { type: "string" },
    functions: { type: "string" },
  } as const;
  try {
    return { ok: true, value: parseArgs({ args: [...args], options, allowPositionals: true }) };
  } catch (error) {
    return {
      ok: false,
      problems: [{ path: "arguments", message: error instanceof Error ? error.message : "unreadable" }],
    };
  }
}
