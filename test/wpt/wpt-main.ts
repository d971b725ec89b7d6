/**
 * `npm run wpt -- --wpt FOLDER`: runs web-platform-tests in functions on a real node and reports per area.
 *
 * Exit codes: 0 done, 1 with --check a goal or an expectation is missed, 2 wrong arguments.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathWithNode } from "../../bench/harness/project-files.ts";
import { formatWptRefusal, parseWptArguments, wptUsage, type WptRequest } from "./arguments.ts";
import { compare, type Expectations } from "./expectations.ts";
import { FileServer } from "./file-server.ts";
import { findRuns, runName } from "./find-runs.ts";
import { HandlerServer } from "./handler-server.ts";
import { formatSurprise, formatWptReport, makeReport, type Finished, type WptReport } from "./report.ts";
import { runAll } from "./run-all.ts";
import { isGreen, isPassed } from "./subtest.ts";
import { TestNode } from "./test-node.ts";

const ordinaryMs = 20_000;
const longMs = 90_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const parsed = parseWptArguments(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(formatWptRefusal(parsed.problems));
    return 2;
  }
  const request = parsed.value;
  if (request.wptRoot === null) {
    process.stdout.write(wptUsage);
    return 0;
  }
  const wptRoot = resolve(request.wptRoot);
  const harness = join(wptRoot, "resources/testharness.js");
  if ((await stat(harness).catch(() => null)) === null) {
    process.stderr.write(formatWptRefusal([{ path: "--wpt", message: `${harness} is not there` }]));
    return 2;
  }
  if (request.dir !== null && (await stat(join(wptRoot, request.dir)).catch(() => null)) === null) {
    process.stderr.write(formatWptRefusal([{ path: "--dir", message: `${join(wptRoot, request.dir)} is not there` }]));
    return 2;
  }
  const report = await runChecked(request, wptRoot);
  if (request.json !== null) await writeFile(request.json, `${JSON.stringify(report, null, 1)}\n`);
  process.stdout.write(formatWptReport(report));
  const isMissed = report.surprises.length > 0 || report.goals.some(({ met }) => !met);
  return request.check && isMissed ? 1 : 0;
}

async function runChecked(request: WptRequest, wptRoot: string): Promise<WptReport> {
  const folder = await mkdtemp(join(tmpdir(), "selvage-wpt-"));
  const { PATH = "", HOME = "/" } = process.env;
  const env = { PATH: pathWithNode(PATH), HOME };
  const handlers = new HandlerServer({ wptRoot, env, fixedUrl: request.server });
  const files = await FileServer.start({ wptRoot, handlerUrl: () => handlers.url() });
  const node = await TestNode.start({ folder, env, lanes: request.lanes, driver: request.driver });
  try {
    const report = await runAndReport(request, { wptRoot, serverUrl: files.url, node });
    if (handlers.crashes > 0) process.stderr.write(`the checkout's own server ended ${handlers.crashes} times\n`);
    return report;
  } finally {
    await node.stop();
    await files.stop();
    await handlers.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function runAndReport(
  request: WptRequest,
  { wptRoot, serverUrl, node }: { readonly wptRoot: string; readonly serverUrl: string; readonly node: TestNode },
): Promise<WptReport> {
  const expectations = JSON.parse(
    await readFile(join(import.meta.dirname, "expectations.json"), "utf8"),
  ) as Expectations;
  const runs = await findRuns(wptRoot, request.dir);
  const finished: Finished[] = [];
  const { timeoutFactor: factor } = request;
  await runAll(node, runs, {
    wptRoot,
    serverUrl,
    lanes: request.lanes,
    guardMs: { ordinary: ordinaryMs * factor, long: longMs * factor },
    onResult: (run, result) => {
      finished.push({ run, result });
      const passed = result.subtests.filter(isPassed).length;
      const mark = isGreen(result) ? "ok  " : "FAIL";
      const place = `[${finished.length}/${runs.length}]`;
      process.stderr.write(
        `${place} ${mark} ${runName(run)} ${passed}/${result.subtests.length} ${result.problem.slice(0, 300)}\n`,
      );
      if (request.verbose) {
        for (const { name, message } of result.subtests.filter((subtest) => !isPassed(subtest))) {
          process.stderr.write(`       ${name}: ${message}\n`);
        }
      }
    },
  });
  const order = new Map(runs.map((run, index) => [run, index]));
  finished.sort((a, b) => (order.get(a.run) ?? 0) - (order.get(b.run) ?? 0));
  const surprises = finished.flatMap(({ run, result }) => compare(run, result, expectations));
  for (const surprise of surprises) process.stderr.write(formatSurprise(surprise));
  return makeReport(finished, surprises);
}
