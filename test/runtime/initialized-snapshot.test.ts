/** Snapshots that were taken after the initializer ran, and the `restore` hook: what instances from them do, share and do not share. */
import { describe, expect, onTestFinished, test } from "vitest";
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import type { Outcome, RunnableVersion } from "../../runtime/driver.ts";
import { createFunctionSnapshot, evaluateModule, tryInitializer } from "../../runtime/evaluate-module.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import { defaultEventSettings } from "../../sdk/event-settings.ts";
import type { FunctionLimits } from "../../sdk/limits.ts";
import { headersOf, invocationOf, quietHost, textOf, versionOf } from "./driver-fixtures.ts";
import { guestCode } from "./guest-code.ts";

const guest = await guestCode();
const event = { ...defaultEventSettings, initializer: "index.initializer" };
const facts = JSON.stringify({
  functionName: "f",
  version: "v1",
  eventWallMs: 5_000,
  initializerWallMs: 1_000,
  memoryMiB: 64,
  event,
  environment: { PLAIN: "plain" },
  withheld: ["SECRET"],
});

function optionsFor(code: string) {
  return { guest, code, wasm: [], memoryMiB: 64, timeoutMs: 1_000, snapshot: false, handler: "handler" };
}

/** A version from the exports of an event function, with its snapshot taken after the initializer. */
async function snapshotted(exports: string, limits: Partial<FunctionLimits> = {}): Promise<RunnableVersion> {
  const code = `var __selvageModule = { entry: ${exports}, default: undefined };`;
  const evaluation = await evaluateModule(optionsFor(code));
  if (!evaluation.ok) throw new Error(evaluation.message);
  const tried = await tryInitializer(optionsFor(code), { facts, timeoutMs: 1_000 });
  if (tried.refusal !== null) throw new Error(tried.refusal);
  const snapshot = createFunctionSnapshot(guest, { code, parts: tried.parts, initialize: facts });
  const base = versionOf("undefined", limits, { PLAIN: "plain", SECRET: "hidden" });
  return { ...base, code, event, hooks: evaluation.hooks, snapshot, isInitialized: true };
}

async function driverWith(version: RunnableVersion): Promise<LocalDriver> {
  const environment = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  const driver = new LocalDriver({ environment, guest, baseSnapshot: null, spares: 0 });
  onTestFinished(() => driver.close());
  await driver.load(version);
  return driver;
}

function send(driver: LocalDriver, { key }: RunnableVersion): Promise<Outcome> {
  const invocation = invocationOf(key, { phase: "event", method: "POST", body: { kind: "text", text: "{}" } });
  return driver.invoke(invocation, quietHost([])).outcome;
}

const codeOf = (outcome: Outcome): string => /^x-func-err-code:(\d+)$/m.exec(headersOf(outcome))?.[1] ?? "none";

async function answers(driver: LocalDriver, version: RunnableVersion): Promise<unknown> {
  return JSON.parse(await textOf(await send(driver, version)));
}

describe("a snapshot taken after the initializer", () => {
  test("has it behind it: instances find what it left and do not run it again", async () => {
    const version = await snapshotted(`(() => {
      let runs = 0, seen = "";
      return {
        async initializer(context, callback) { await null; runs += 1; seen = context.getUserData("PLAIN") + process.env.PLAIN; callback(null); },
        async handler(event, context) { return { runs, seen, secret: context.getUserData("SECRET"), env: process.env.SECRET }; },
      };
    })()`);
    const driver = await driverWith(version);
    const expected = { runs: 1, seen: "plainplain", secret: "hidden", env: "hidden" };
    expect(await answers(driver, version)).toEqual(expected);
    expect(await answers(driver, version)).toEqual(expected);
  });

  test("leaks neither time nor randomness of the build: two instances from it differ", async () => {
    const version = await snapshotted(
      `(() => {
        const random = Math.random;
        return {
          initializer(context, callback) { random(); callback(null); },
          async handler(event, context) {
            await new Promise((resolve) => setTimeout(resolve, 50));
            return { random: random(), crypto: crypto.randomUUID(), since: performance.now(), origin: performance.timeOrigin, now: Date.now() };
          },
        };
      })()`,
      { concurrency: 1 },
    );
    const builtAt = Date.now();
    const driver = await driverWith(version);
    const both = await Promise.all([answers(driver, version), answers(driver, version)]);
    const [one, other] = both as { random: number; crypto: string; since: number; origin: number; now: number }[];
    if (one === undefined || other === undefined) throw new Error("two were asked");
    expect((await driver.stats())[0]).toMatchObject({ coldStarts: 2 });
    expect(one.random).not.toBe(other.random);
    expect(one.crypto).not.toBe(other.crypto);
    for (const { origin, now } of [one, other]) {
      expect(origin).toBeGreaterThanOrEqual(builtAt - 1);
      expect(now).toBeGreaterThan(builtAt);
    }
  });

  test.each([
    ["random values of crypto", "crypto.randomUUID()", "random values"],
    ["timers", "setTimeout(() => callback(null), 1); return;", "timers"],
    ["the network", "fetch('http://example.com/').then(() => callback(null), callback); return;", "fetch"],
    ["a secret", "process.env.SECRET", "SECRET is or holds a secret"],
    ["a secret of its context", "context.getUserData('SECRET')", "SECRET is or holds a secret"],
    ["what never comes", "return;", "waits for something that never comes"],
    ["a throw", "throw new RangeError('no')", "function initialization exception, error: no"],
    ["a loop", "for (;;);", "computed longer than 1000 ms"],
  ])("cannot be taken when the initializer uses %s, and the reason says so", async (_name, statement, reason) => {
    const code = `var __selvageModule = { entry: { async handler(event, context) {}, initializer(context, callback) { ${statement}; callback(null); } } };`;
    const { refusal } = await tryInitializer(optionsFor(code), { facts, timeoutMs: 1_000 });
    expect(refusal).toContain(reason);
  });
});

const withRestore = (restore: string): string => `(() => {
  let restored = 0, ready = "";
  return {
    initializer(context, callback) { callback(null); },
    async restore(context, callback) { ${restore} },
    async handler(event, context) { return { restored, ready }; },
  };
})()`;

describe("restore", () => {
  test("runs once in each instance from the snapshot, before its first request, and sees the secrets", async () => {
    const version = await snapshotted(
      withRestore("await new Promise((r) => setTimeout(r, 20)); restored += 1; ready = context.getUserData('SECRET');"),
      { concurrency: 10 },
    );
    const driver = await driverWith(version);
    const all = await Promise.all([1, 2, 3].map(() => answers(driver, version)));
    expect(all).toEqual([1, 2, 3].map(() => ({ restored: 1, ready: "hidden" })));
  });

  test("that fails fails the call as an initializer does, and runs again with the next", async () => {
    const version = await snapshotted(withRestore("restored += 1; if (restored < 2) throw new TypeError('not yet');"));
    const driver = await driverWith(version);
    const failed = await send(driver, version);
    expect([codeOf(failed), JSON.parse(await textOf(failed))]).toMatchObject([
      "4009",
      { errorMessage: "function initialization exception, error: not yet", errorType: "TypeError" },
    ]);
    expect(await answers(driver, version)).toMatchObject({ restored: 2 });
  });

  test("that takes longer than the initializer may is ended with that code", async () => {
    const version = await snapshotted(withRestore("await new Promise((r) => setTimeout(r, 60_000));"), {
      initializerWallMs: 1_000,
      eventWallMs: 5_000,
    });
    const driver = await driverWith(version);
    const failed = await send(driver, version);
    expect([codeOf(failed), JSON.parse(await textOf(failed))]).toMatchObject([
      "4211",
      { errorMessage: "function restore timed out after 1000 ms" },
    ]);
  });

  test("does not run in an instance that starts from code, where the initializer does", async () => {
    const version = await snapshotted(withRestore("restored += 1;"));
    const fromCode = { ...version, key: `${version.key}-code`, snapshot: null, isInitialized: false };
    const driver = await driverWith(fromCode);
    expect(await answers(driver, fromCode)).toEqual({ restored: 0, ready: "" });
  });

  test("of a default export comes before every hook; its failure is no failure of the hook", async () => {
    const module = `(() => { let restored = 0; return {
      restore(env) { restored += 1; if (restored === 1) throw new Error("no " + env.PLAIN); },
      fetch() { return new Response(String(restored)); },
    }; })()`;
    const base = versionOf(module, {}, { PLAIN: "plain" });
    const version = { ...base, snapshot: createFunctionSnapshot(guest, { code: base.code, parts: [] }) };
    const driver = await driverWith(version);
    const invoke = (): Promise<Outcome> => driver.invoke(invocationOf(version.key, {}), quietHost([])).outcome;
    expect(await invoke()).toMatchObject({
      kind: "failed",
      code: "FUNCTION_LOAD_FAILED",
      message: "The restore hook failed: no plain",
    });
    expect(await textOf(await invoke())).toBe("2");
    expect(await textOf(await invoke())).toBe("2");
  });
});
