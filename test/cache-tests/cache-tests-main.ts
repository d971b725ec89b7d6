/**
 * `npm run cache-tests -- --suite FOLDER`: runs the HTTP cache tests against a real node and reports by kind.
 *
 * Exit codes: 0 done, 1 with --check a goal or an expectation is missed, or the origin was not there; 2 wrong arguments.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setDomain } from "../../bench/harness/fleet-setup.ts";
import { LocalFleet } from "../../bench/harness/local-fleet.ts";
import { pathWithNode } from "../../bench/harness/project-files.ts";
import {
  cacheTestsUsage,
  formatCacheTestsRefusal,
  parseCacheTestsArguments,
  type CacheTestsRequest,
} from "./arguments.ts";
import { chooseTests } from "./choose-tests.ts";
import {
  formatCacheTestsReport,
  kindOf,
  makeCacheTestsReport,
  type CacheTestsReport,
  type Expectations,
  type TestResult,
} from "./report.ts";
import { loadSuite, type RawResult, type Suite, type SuiteGroup } from "./suite.ts";
import { SuiteOrigin } from "./suite-origin.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const parsed = parseCacheTestsArguments(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(formatCacheTestsRefusal(parsed.problems));
    return 2;
  }
  const request = parsed.value;
  if (request.suite === null) {
    process.stdout.write(cacheTestsUsage);
    return 0;
  }
  const folder = resolve(request.suite);
  const problem = await problemOf(folder);
  if (problem !== null) {
    process.stderr.write(formatCacheTestsRefusal([{ path: "--suite", message: problem }]));
    return 2;
  }
  const suite = await loadSuite(folder);
  const groups = chooseTests(suite.groups, request.ids);
  const raw = await runOnNode(request, { folder, suite, groups });
  if (raw === null) {
    process.stderr.write("The suite's origin is not there any more: nothing was measured\n");
    return 1;
  }
  const report = await judge(suite, groups, { raw, isWhole: request.ids.length === 0 });
  if (request.json !== null) await writeFile(request.json, `${JSON.stringify(report, null, 1)}\n`);
  if (request.verbose) {
    for (const { id, kind, verdict, message } of report.failures) {
      process.stdout.write(`${kind} ${verdict}: ${id}: ${message}\n`);
    }
  }
  process.stdout.write(formatCacheTestsReport(report));
  const isMissed = report.surprises.length > 0 || report.goals.some(({ met }) => !met);
  return request.check && isMissed ? 1 : 0;
}

async function problemOf(folder: string): Promise<string | null> {
  const needed = ["test-engine/server/server.mjs", "tests/index.mjs", "node_modules/undici/index.js"];
  for (const file of needed) {
    if ((await stat(join(folder, file)).catch(() => null)) === null) return `${join(folder, file)} is not there`;
  }
  return null;
}

/** Null: the origin was not alive at the end. */
async function runOnNode(
  request: CacheTestsRequest,
  { folder, suite, groups }: { readonly folder: string; readonly suite: Suite; readonly groups: readonly SuiteGroup[] },
): Promise<Readonly<Record<string, RawResult>> | null> {
  const { PATH = "", HOME = "/" } = process.env;
  const env = { PATH: pathWithNode(PATH), HOME };
  const data = await mkdtemp(join(tmpdir(), "selvage-cache-tests-"));
  const origin = await SuiteOrigin.start({ suite: folder, folder: data, env });
  const fleet = await LocalFleet.start({ folder: data, env });
  try {
    const node = await fleet.startNode({
      name: "cache-tests",
      settings: { SELVAGE_NODE_FRONTS: "1", SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS: "127.0.0.0/8" },
    });
    const source = { origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port } as const;
    await setDomain(fleet, { domain: "127.0.0.1", rules: [], sources: [source] });
    const baseUrl = node.edgeUrl;
    const raw = await suite.run(groups, { baseUrl, atOnce: request.atOnce });
    return (await origin.isAlive()) ? raw : null;
  } finally {
    await fleet.stop();
    await origin.stop();
    await rm(data, { recursive: true, force: true });
  }
}

async function judge(
  suite: Suite,
  groups: readonly SuiteGroup[],
  { raw, isWhole }: { readonly raw: Readonly<Record<string, RawResult>>; readonly isWhole: boolean },
): Promise<CacheTestsReport> {
  const file = join(import.meta.dirname, "expectations.json");
  const expectations = JSON.parse(await readFile(file, "utf8")) as Expectations;
  const results = groups
    .flatMap(({ tests }) => tests)
    .map((test): TestResult => {
      const result = raw[test.id];
      const message = result === undefined || result === true ? "" : result.join(": ");
      return { id: test.id, kind: kindOf(test), verdict: suite.judge(test.id, raw), message };
    });
  return makeCacheTestsReport(results, { expectations, isWhole });
}
