/** Real builder processes against modules that mean no good. */
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleSource, type BundleResult } from "../../../bundler/bundle.ts";
import { stopEsbuild } from "../../../bundler/esbuild.ts";
import { BuilderPool, type BuildJob, type BuildOutcome } from "../../../control-plane/builder/builder-pool.ts";
import { spawnBuilder, type BuilderChild } from "../../../control-plane/builder/builder-process.ts";
import { systemClock } from "../../../control-plane/clock.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { defaultEventSettings } from "../../../sdk/event-settings.ts";
import { publishLimits } from "../../../sdk/limits.ts";
import { addModule } from "../../runtime/wasm-assembler.ts";

const projectRoot = dirname(dirname(dirname(import.meta.dirname)));
const guestCode = readFileSync(join(projectRoot, ".build", "guest-code.json"), "utf8");

function poolOf(
  spawn: () => BuilderChild = () => spawnBuilder({ nodePath: process.execPath, projectRoot }),
): BuilderPool {
  return new BuilderPool({ guestCode, clock: systemClock, logger: silentLogger, spawn });
}

/** A module whose top level runs `statements`. */
function job(statements: string, changes: Partial<BuildJob> = {}): BuildJob {
  const code = `var __selvageModule = (() => { ${statements}; return { default: { fetch() {} } }; })();`;
  return {
    code,
    wasm: [],
    sourceMap: null,
    memoryMiB: 64,
    snapshot: false,
    allowEval: false,
    handler: null,
    ...changes,
  };
}

describe("BuilderPool", () => {
  let pool: BuilderPool;
  beforeAll(() => {
    pool = poolOf();
  });
  afterAll(async () => {
    await pool.close();
    await stopEsbuild();
  });

  /** A good module builds right after, whatever came before. */
  async function expectStillWorking(): Promise<void> {
    expect(await pool.build(job(""))).toMatchObject({ ok: true, hooks: ["fetch"] });
  }

  it("tells the hooks, the runtime and the snapshot of a module", async () => {
    const outcome = await pool.build(job("globalThis.table = new Map([[1, 2]])", { snapshot: true }));
    expect(outcome).toMatchObject({ ok: true, hooks: ["fetch"], snapshot: { state: "ready" } });
    if (!outcome.ok || outcome.snapshot.state !== "ready") throw new Error("unreachable");
    expect(outcome.snapshot.bytes.byteLength).toBeGreaterThan(10_000);
    expect(outcome.runtimeKey).toMatch(/^[0-9a-f]{32}$/);
  });

  it("gives the module the WebAssembly that it imports, and says what is wrong with it", async () => {
    const code = `{const modules=__selvageTakeWasm();
      ${job("if (new WebAssembly.Instance(modules.first).exports.add(2, 3) !== 5) throw new Error('no')").code}}`;
    const wasm = [{ digest: "first", bytes: addModule }];
    expect(await pool.build({ ...job(""), code, wasm })).toMatchObject({ ok: true, hooks: ["fetch"] });
    const broken = [{ digest: "first", bytes: addModule.subarray(0, addModule.length - 1) }];
    expect(await pool.build({ ...job(""), code, wasm: broken })).toMatchObject({
      ok: false,
      code: "PUBLISH_REFUSED",
      message: expect.stringContaining("A WebAssembly module that is imported cannot be used: "),
    });
  });

  it("makes no snapshot when none is wanted", async () => {
    expect(await pool.build(job(""))).toMatchObject({ ok: true, snapshot: { state: "off" } });
  });

  it.each([
    ["computes without an end", "for (;;);", 500, /^the initializer computed longer than 500 ms$/],
    [
      "takes memory without an end",
      "for (const all = [];;) all.push(new Array(1e5).fill({}))",
      15_000,
      /MiB of memory|ended the process/,
    ],
  ])("publishes without a snapshot when the initializer %s", async (_name, statement, timeoutMs, reason) => {
    const entry = `{ async handler(event, context) {}, initializer(context, callback) { ${statement}; } }`;
    const facts = { functionName: "f", version: "v1", eventWallMs: 1, initializerWallMs: 1_000, memoryMiB: 64 };
    const event = { ...defaultEventSettings, initializer: "index.initializer" };
    const outcome = await pool.build(
      job("", {
        code: `var __selvageModule = { entry: ${entry}, default: undefined };`,
        handler: "handler",
        snapshot: true,
        initialize: {
          facts: JSON.stringify({ ...facts, event, environment: {}, withheld: [] }),
          timeoutMs,
        },
      }),
    );
    expect(outcome).toMatchObject({
      ok: true,
      hooks: ["fetch", "event"],
      snapshot: { state: "failed", reason: expect.stringMatching(reason) },
    });
    await expectStillWorking();
  });

  it("publishes without a snapshot when making one ends the process, as objects of Intl do", async () => {
    const outcome = await pool.build(job("globalThis.format = new Intl.NumberFormat('de')", { snapshot: true }));
    expect(outcome).toMatchObject({ ok: true, hooks: ["fetch"], snapshot: { state: "failed" } });
    expect(JSON.stringify(outcome)).toContain("objects of Intl");
  });

  it("maps what the top level throws to the author's file, line and column", async () => {
    const bundle = await bundleSource({
      kind: "inline",
      language: "ts",
      code: "interface A {}\nfunction start(): never {\n  throw new TypeError('no');\n}\nstart();\nexport default { fetch() {} };",
    });
    const { code, sourceMap } = bundle as Extract<BundleResult, { ok: true }>;
    const outcome = await pool.build({
      code,
      wasm: [],
      sourceMap,
      memoryMiB: 64,
      snapshot: true,
      allowEval: false,
      handler: null,
    });
    expect(outcome).toMatchObject({
      ok: false,
      code: "PUBLISH_REFUSED",
      message: "The module's top level threw: no",
      place: "index.ts:3:9",
    });
    const { stack } = outcome as Extract<BuildOutcome, { ok: false }>;
    expect(stack).toContain("index.ts:5:1");
    expect(stack).not.toMatch(/file:\/\/|isolated-vm|node:internal/);
  });

  it.each([
    ["a module without hooks", "var __selvageModule = { default: {} };", "has none of the hooks"],
    ["a module without a default export", "var __selvageModule = {};", "no default export"],
    ["code that is no script", "var = ;", "Unexpected token"],
  ])("refuses %s", async (_name, code, expected) => {
    const outcome = await pool.build(job("", { code }));
    expect(outcome).toMatchObject({ ok: false, code: "PUBLISH_REFUSED" });
    expect((outcome as Extract<BuildOutcome, { ok: false }>).message).toContain(expected);
  });

  it.each([
    ["an endless loop", "for (;;);", /ran longer than 5000 ms/],
    [
      "an endless loop of promises",
      "const again = () => Promise.resolve().then(again); again()",
      /ran longer than 5000 ms|MiB of memory/,
    ],
    ["a throw of nothing", "throw undefined", /top level threw/],
    ["a throw that throws again", "throw { get message() { throw 1; }, toString() { throw 2; } }", /./],
    ["an array that grows", "const a = []; for (;;) a.push(a.length, {})", /MiB of memory/],
    ["a map that grows", "const a = new Map(); for (let i = 0; ; i++) a.set(i, { i })", /MiB of memory/],
    ["a string cut into a billion parts", "'x'.repeat(1 << 28).split('')", /MiB of memory/],
    ["a gigabyte at once", "new Array(2 ** 27).fill({})", /MiB of memory/],
    ["buffers", "const a = []; for (;;) a.push(new Uint8Array(1 << 26).fill(1))", /allocation failed|MiB of memory/],
    [
      "WebAssembly memory",
      "const a = []; for (;;) { const m = new WebAssembly.Memory({ initial: 1000 }); new Uint8Array(m.buffer).fill(1); a.push(m); }",
      /MiB of memory|could not allocate/i,
    ],
    ["a call of process.exit()", "process.exit(0)", /exit is not a function/],
    ["a require", "require('node:fs')", /require is not defined/],
    [
      "a search for the outside",
      "globalThis.constructor.constructor('return process')().exit()",
      /Code generation from strings disallowed/,
    ],
    ["endless recursion", "(function f() { f(); })()", /Maximum call stack/],
    ["a huge message", "throw new Error('x'.repeat(20_000_000))", /^.{1,2100}$/],
  ])(
    "fails in bounded time for %s, keeps the event loop free, and goes on",
    async (_name, statements, expected) => {
      const delay = monitorEventLoopDelay({ resolution: 10 });
      delay.enable();
      const outcome = await pool.build(job(statements));
      delay.disable();
      expect(outcome).toMatchObject({ ok: false, code: "PUBLISH_REFUSED" });
      expect((outcome as Extract<BuildOutcome, { ok: false }>).message).toMatch(expected);
      expect(delay.max / 1e6).toBeLessThan(publishLimits.evaluateMs / 5);
      await expectStillWorking();
    },
    60_000,
  );

  it("gives up on a build when its signal fires, running or waiting", async () => {
    const stop = new AbortController();
    const running = [0, 1, 2].map(() => pool.build(job("for (;;);"), stop.signal));
    stop.abort();
    for (const outcome of await Promise.all(running)) {
      expect(outcome).toMatchObject({ ok: false, code: "CONTROL_INTERNAL", message: "The publish was given up" });
    }
    expect(await pool.build(job(""), AbortSignal.abort())).toMatchObject({ ok: false });
    await expectStillWorking();
  });
});

describe("BuilderPool's bounds", () => {
  it("runs no more builders than allowed, queues in order, and refuses what does not fit the queue", async () => {
    const children: BuilderChild[] = [];
    const pool = poolOf(() => {
      const child = spawnBuilder({ nodePath: process.execPath, projectRoot });
      children.push(child);
      return child;
    });
    const stop = new AbortController();
    const { buildersMax, buildQueueMax } = publishLimits;
    const builds = Array.from({ length: buildersMax + buildQueueMax }, () => pool.build(job("for (;;);"), stop.signal));
    expect(await pool.build(job(""))).toMatchObject({ ok: false, code: "BUILD_QUEUE_FULL" });
    expect(children.filter(({ process }) => process.exitCode === null)).toHaveLength(buildersMax);
    stop.abort();
    for (const outcome of await Promise.all(builds)) expect(outcome.ok).toBe(false);
    expect(await pool.build(job(""))).toMatchObject({ ok: true });
    await pool.close();
    expect(children.every(({ process }) => process.exitCode !== null || process.signalCode !== null)).toBe(true);
  });

  it("replaces a waiting process that died", async () => {
    const children: BuilderChild[] = [];
    const pool = poolOf(() => {
      const child = spawnBuilder({ nodePath: process.execPath, projectRoot });
      children.push(child);
      return child;
    });
    children[0]?.process.kill("SIGKILL");
    expect(await pool.build(job(""))).toMatchObject({ ok: true });
    await pool.close();
  });

  it("says so when no builder can be started", async () => {
    const pool = poolOf(() => spawnBuilder({ nodePath: "/nonexistent/node", projectRoot }));
    expect(await pool.build(job(""))).toMatchObject({ ok: false, code: "CONTROL_INTERNAL" });
    await pool.close();
  });

  it("refuses builds once closed", async () => {
    const pool = poolOf();
    await pool.close();
    expect(await pool.build(job(""))).toMatchObject({ ok: false, code: "CONTROL_INTERNAL" });
  });
});
