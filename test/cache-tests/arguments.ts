/** Reads the command line of `npm run cache-tests`. Pure: strings in, a request or a list of problems out. */
import { parseArgs } from "node:util";
import { formatProblems, type Parsed, type Problem } from "../../sdk/problem.ts";

export interface CacheTestsRequest {
  /** Folder of a checkout; null asks for the help text. */
  readonly suite: string | null;
  /** File for the whole report. */
  readonly json: string | null;
  readonly check: boolean;
  readonly verbose: boolean;
  /** Identifiers of tests; empty means all. */
  readonly ids: readonly string[];
  /** Tests under way at once. */
  readonly atOnce: number;
}

const AT_ONCE = { default: 25, min: 1, max: 400 } as const;
/** The state of the suite that test/cache-tests/expectations.json speaks about. */
const COMMIT = "b55b8bd";

export const cacheTestsUsage: string = `Usage: npm run cache-tests -- --suite FOLDER [options]

Runs the HTTP cache tests (https://cache-tests.fyi) against a real node in front of the suite's own origin and compares the results with
test/cache-tests/expectations.json.

  --suite FOLDER  a checkout of http-tests/cache-tests with its packages installed
  --json FILE     write counts, goals and every result as JSON
  --check         exit with 1 when a goal is missed or a result is not what expectations.json says
  --verbose       print every test that did not pass, known or not
  --id ID         only this test and those it depends on; may be repeated
  --at-once N     tests under way at once, ${AT_ONCE.min}..${AT_ONCE.max}, default ${AT_ONCE.default}

How to get the suite:
  git clone https://github.com/http-tests/cache-tests && cd cache-tests && git checkout ${COMMIT} && npm install --ignore-scripts
`;

/** The request, or what is wrong with it. */
export function parseCacheTestsArguments(args: readonly string[]): Parsed<CacheTestsRequest> {
  const { values, problem } = read(args);
  if (values === null) return { ok: false, problems: [problem] };
  const problems: Problem[] = [];
  const isHelp = values.help === true;
  if (values.suite === undefined && !isHelp) problems.push({ path: "--suite", message: "is missing" });
  const atOnce = Number(values["at-once"] ?? AT_ONCE.default);
  if (!Number.isInteger(atOnce) || atOnce < AT_ONCE.min || atOnce > AT_ONCE.max) {
    const message = `received ${values["at-once"] ?? ""}, allowed: an integer ${AT_ONCE.min}..${AT_ONCE.max}`;
    problems.push({ path: "--at-once", message });
  }
  if (problems.length > 0) return { ok: false, problems };
  const value = {
    suite: isHelp ? null : (values.suite ?? null),
    json: values.json ?? null,
    check: values.check ?? false,
    verbose: values.verbose ?? false,
    ids: values.id ?? [],
    atOnce,
  };
  return { ok: true, value };
}

/** The problems with the usage below them. */
export function formatCacheTestsRefusal(problems: readonly Problem[]): string {
  return `${formatProblems(problems)}\n\n${cacheTestsUsage}`;
}

const options = {
  suite: { type: "string" },
  json: { type: "string" },
  check: { type: "boolean" },
  verbose: { type: "boolean" },
  id: { type: "string", multiple: true },
  "at-once": { type: "string" },
  help: { type: "boolean" },
} as const;

function read(args: readonly string[]) {
  try {
    return { values: parseArgs({ args: [...args], options }).values, problem: { path: "", message: "" } };
  } catch (error) {
    const message = error instanceof Error ? error.message : "unreadable";
    return { values: null, problem: { path: "arguments", message } };
  }
}
