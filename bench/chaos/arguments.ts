/** Reads the command line of `npm run chaos`. Pure: strings in, a request or a list of problems out. */
import { parseArgs } from "node:util";
import { formatProblems, type Parsed, type Problem } from "../../sdk/problem.ts";

export interface ChaosRequest {
  /** Print the usage and nothing else. */
  readonly help: boolean;
  readonly json: boolean;
  /** Calls are in NATS, which is killed as well. */
  readonly nats: boolean;
  /** Length of the load and the kills, 5..3600. */
  readonly seconds: number;
  /** Of the kills, 0..4294967295; null: a random one. */
  readonly seed: number | null;
}

const bounds = {
  seconds: { default: 60, min: 5, max: 3_600 },
  seed: { min: 0, max: 4_294_967_295 },
} as const;

export const chaosUsage: string = `Usage: npm run chaos [-- options]

Kills processes of a local fleet with SIGKILL while requests, publishes and asynchronous calls go on, and says what was lost.
Ends with 1 when a goal is not met.

  --json       print the report as one JSON object in the last line
  --nats       asynchronous calls in a nats-server, which is killed, too
  --seconds N  length of the load, ${String(bounds.seconds.min)}..${String(bounds.seconds.max)}, default ${String(bounds.seconds.default)}
  --seed N     of the choice of what is killed when, ${String(bounds.seed.min)}..${String(bounds.seed.max)}, default a random one; every run prints its own
`;

/** The request, or what is wrong with it. */
export function parseChaosArguments(args: readonly string[]): Parsed<ChaosRequest> {
  let values: { help?: boolean; json?: boolean; nats?: boolean; seconds?: string; seed?: string };
  try {
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : "unreadable";
    return { ok: false, problems: [{ path: "arguments", message }] };
  }
  const problems: Problem[] = [];
  const read = (path: "seconds" | "seed", text: string): number => {
    const { min, max } = bounds[path];
    const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const allowed = `an integer ${String(min)}..${String(max)}`;
    problems.push({ path: `--${path}`, message: `received ${JSON.stringify(text)}, allowed: ${allowed}` });
    return min;
  };
  const seconds = values.seconds === undefined ? bounds.seconds.default : read("seconds", values.seconds);
  const seed = values.seed === undefined ? null : read("seed", values.seed);
  if (problems.length > 0) return { ok: false, problems };
  const { help = false, json = false, nats = false } = values;
  return { ok: true, value: { help, json, nats, seconds, seed } };
}

/** The problems with the usage below them. */
export function formatChaosRefusal(problems: readonly Problem[]): string {
  return `${formatProblems(problems)}\n\n${chaosUsage}`;
}

const options = {
  help: { type: "boolean" },
  json: { type: "boolean" },
  nats: { type: "boolean" },
  seconds: { type: "string" },
  seed: { type: "string" },
} as const;
