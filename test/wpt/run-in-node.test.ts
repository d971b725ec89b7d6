/**
 * The runner with a checkout of a few lines and a real node: a test that passes, fails, times out, throws, kills its instance, and one with
 * META scripts, variants, relative URLs and files of the server.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pathWithNode } from "../../bench/harness/project-files.ts";
import { FileServer } from "./file-server.ts";
import { findRuns, runName } from "./find-runs.ts";
import { runAll } from "./run-all.ts";
import { isGreen, isPassed, type RunResult } from "./subtest.ts";
import { TestNode } from "./test-node.ts";

/** As much of testharness.js as the tests here need, with its names and statuses. */
const harness = `
(function (self) {
  const tests = [], callbacks = [];
  let pending = 0, status = 0, done = false;
  const finish = () => { if (!done && pending === 0) { done = true; for (const call of callbacks) call(tests, { status, message: "" }); } };
  const record = (name, status, message) => tests.push({ name, status, message, stack: "" });
  self.test = (body, name) => { try { body(); record(name, 0, null); } catch (error) { record(name, 1, error.message); } };
  self.promise_test = (body, name) => {
    pending += 1;
    const entry = { name, status: 3, message: null, stack: "" };
    tests.push(entry);
    body().then(() => { entry.status = 0; }, (error) => { entry.status = 1; entry.message = error.message; }).then(() => { pending -= 1; finish(); });
  };
  self.assert_equals = (actual, expected) => { if (actual !== expected) throw new Error("expected " + expected + " but got " + actual); };
  self.add_completion_callback = (call) => { callbacks.push(call); Promise.resolve().then(() => setTimeout(finish, 0)); };
  self.timeout = () => { status = 2; pending = 0; finish(); };
})(globalThis);
`;

const files: Readonly<Record<string, string>> = {
  "resources/testharness.js": harness,
  "area/good.any.js": `// META: script=/common/shared.js
// META: script=beside.js
// META: variant=?one
// META: variant=?two
const own = shared + beside;
test(() => assert_equals(own, 3), "scripts share one scope");
test(() => assert_equals(["?one", "?two"].includes(location.search), true), "the variant is in the location");
promise_test(async () => assert_equals((await (await fetch("data.json")).json()).n, 5), "relative URLs are the server's");
promise_test(async () => assert_equals((await fetch("/area/data.json")).headers.get("x-extra"), "yes"), "headers of a .headers file");
promise_test(async () => assert_equals((await fetch("made.py")).status, 501), "what is computed needs the checkout's server");
`,
  "common/shared.js": "const shared = 1;",
  "area/beside.js": "const beside = 2;",
  "area/data.json": `{"n": 5}`,
  "area/data.json.headers": "x-extra: yes\n",
  "area/bad.any.js": `test(() => assert_equals(1, 2), "fails");
promise_test(() => new Promise(() => {}), "never ends");`,
  "area/bomb.any.js": "const list = []; for (;;) list.push(new Array(1e6).fill(list.length));",
  "area/throws.any.js": "throw new Error('at the top');",
  "area/not-a-test.js": "",
};

let folder: string;
let server: FileServer;
let node: TestNode;
const results = new Map<string, RunResult>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-wpt-test-"));
  const root = join(folder, "wpt");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  server = await FileServer.start({ wptRoot: root, handlerUrl: () => Promise.resolve(null) });
  const { PATH = "", HOME = "/" } = process.env;
  const env = { PATH: pathWithNode(PATH), HOME };
  node = await TestNode.start({ folder: join(folder, "fleet"), env, lanes: 2, driver: "process" });
  await runAll(node, await findRuns(root, "area"), {
    wptRoot: root,
    serverUrl: server.url,
    lanes: 2,
    guardMs: { ordinary: 2_000, long: 2_000 },
    onResult: (run, result) => results.set(runName(run), result),
  });
}, 120_000);

afterAll(async () => {
  await node.stop();
  await server.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

it("finds the .any.js files and a run for each variant", () => {
  expect([...results.keys()].toSorted()).toEqual([
    "area/bad.any.js",
    "area/bomb.any.js",
    "area/good.any.js?one",
    "area/good.any.js?two",
    "area/throws.any.js",
  ]);
});

it.each(["?one", "?two"])("a good file is green: %s", (variant) => {
  const result = results.get(`area/good.any.js${variant}`);
  expect(result?.subtests.map((subtest) => [subtest.name, isPassed(subtest), subtest.message])).toEqual([
    ["scripts share one scope", true, ""],
    ["the variant is in the location", true, ""],
    ["relative URLs are the server's", true, ""],
    ["headers of a .headers file", true, ""],
    ["what is computed needs the checkout's server", true, ""],
  ]);
  expect(result !== undefined && isGreen(result)).toBe(true);
});

it("a test that fails and one that never ends are reported, each as what it is", () => {
  expect(results.get("area/bad.any.js")).toMatchObject({
    problem: "the file timed out",
    subtests: [
      { name: "fails", status: 1, message: "expected 2 but got 1" },
      { name: "never ends", status: 3 },
    ],
  });
});

it.each(["area/bomb.any.js", "area/throws.any.js"])("a file that gives no results is a problem: %s", (name) => {
  const result = results.get(name);
  expect(result?.subtests).toEqual([]);
  expect(result?.problem).toMatch(/^the node answered 5\d\d: /);
});
