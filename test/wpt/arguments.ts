/** Reads the command line of `npm run wpt`. Pure: strings in, a request or a list of problems out. */
import { parseArgs } from "node:util";
import { formatProblems, type Parsed, type Problem } from "../../sdk/problem.ts";

export interface WptRequest {
  /** Folder of a checkout; null asks for the help text. */
  readonly wptRoot: string | null;
  /** Folder or file in the checkout; null means all areas. */
  readonly dir: string | null;
  /** File for the whole report. */
  readonly json: string | null;
  readonly check: boolean;
  readonly verbose: boolean;
  readonly lanes: number;
  readonly timeoutFactor: number;
  readonly driver: "process" | "in-process";
  readonly server: string | null;
}

const LANES = { default: 2, min: 1, max: 16 } as const;
const FACTOR = { default: 1, min: 1, max: 20 } as const;

export const wptUsage: string = `Usage: npm run wpt -- --wpt FOLDER [options]

Runs web-platform-tests (.any.js) inside functions on a real node and compares the results with test/wpt/expectations.json.

  --wpt FOLDER        a checkout of web-platform-tests
  --dir PATH          only this folder or file of it, for example fetch/api/headers; default: all areas of test/wpt/areas.ts
  --json FILE         write results, totals and goals as JSON
  --check             exit with 1 when a goal is missed or a result is not what expectations.json says
  --verbose           print every failing subtest
  --lanes N           tests under way at once, ${LANES.min}..${LANES.max}, default ${LANES.default}
  --timeout-factor N  multiplies the time a test gets (20 s, long ones 90 s), ${FACTOR.min}..${FACTOR.max}, default ${FACTOR.default}
  --driver NAME       process (default) or in-process
  --server URL        the checkout's own server, when somebody else runs it

How to get a checkout: git clone --depth 1 https://github.com/web-platform-tests/wpt; its own server (./wpt serve) needs Python 3 and is started
when a test asks for it. A checkout of nodejs/undici has fixtures in test/fixtures/wpt and a server in JavaScript beside them, which is used
in the same way; the fixtures of nodejs/node (test/fixtures/wpt) can be laid over them.
`;

type Values = NonNullable<ReturnType<typeof read>["values"]>;

/** The request, or what is wrong with it. */
export function parseWptArguments(args: readonly string[]): Parsed<WptRequest> {
  const { values, problem } = read(args);
  if (values === null) return { ok: false, problems: [problem] };
  const problems: Problem[] = [];
  if (values.wpt === undefined && values.help !== true) problems.push({ path: "--wpt", message: "is missing" });
  const lanes = integer("--lanes", values.lanes, LANES, problems);
  const timeoutFactor = integer("--timeout-factor", values["timeout-factor"], FACTOR, problems);
  const driver = values.driver ?? "process";
  if (driver !== "process" && driver !== "in-process") {
    problems.push({ path: "--driver", message: `received ${driver}, allowed: process, in-process` });
  }
  if (values.server !== undefined && !/^http:\/\/127\.0\.0\.1:\d+$/.test(values.server)) {
    problems.push({ path: "--server", message: `received ${values.server}, allowed: http://127.0.0.1:PORT` });
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: requestOf(values, { lanes, timeoutFactor }) };
}

function requestOf(values: Values, numbers: Pick<WptRequest, "lanes" | "timeoutFactor">): WptRequest {
  return {
    wptRoot: values.help === true ? null : (values.wpt ?? null),
    dir: values.dir?.replace(/^\.?\/|\/$/g, "") ?? null,
    json: values.json ?? null,
    check: values.check ?? false,
    verbose: values.verbose ?? false,
    ...numbers,
    driver: values.driver === "in-process" ? "in-process" : "process",
    server: values.server ?? null,
  };
}

/** The problems with the usage below them. */
export function formatWptRefusal(problems: readonly Problem[]): string {
  return `${formatProblems(problems)}\n\n${wptUsage}`;
}

function integer(
  path: string,
  text: string | undefined,
  range: { readonly default: number; readonly min: number; readonly max: number },
  problems: Problem[],
): number {
  const value = Number(text ?? range.default);
  if (!Number.isInteger(value) || value < range.min || value > range.max) {
    problems.push({ path, message: `received ${text ?? ""}, allowed: an integer ${range.min}..${range.max}` });
  }
  return value;
}

const options = {
  wpt: { type: "string" },
  dir: { type: "string" },
  json: { type: "string" },
  check: { type: "boolean" },
  verbose: { type: "boolean" },
  lanes: { type: "string" },
  "timeout-factor": { type: "string" },
  driver: { type: "string" },
  server: { type: "string" },
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
