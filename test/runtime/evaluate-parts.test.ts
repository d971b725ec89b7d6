/** Publishing a module that uses a part of the guest at its top level: noticed, and in the version's snapshot. */
import { afterEach, describe, expect, test } from "vitest";
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import { createFunctionSnapshot, evaluateModule, type Evaluation } from "../../runtime/evaluate-module.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import { invocationOf, quietHost, textOf, versionOf } from "./driver-fixtures.ts";
import { guestCode } from "./guest-code.ts";

const guest = await guestCode();
const environment = nodeRuntimeEnvironment((message) => {
  throw new Error(message);
});
const drivers: LocalDriver[] = [];

afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.close();
});

function evaluate(module: string): Promise<Evaluation> {
  const code = `var __selvageModule = { default: ${module} };`;
  return evaluateModule({ guest, code, memoryMiB: 128, timeoutMs: 1_000, snapshot: true, wasm: [] });
}

async function answer(module: string, snapshot: Uint8Array | null): Promise<string> {
  const driver = new LocalDriver({ environment, guest, baseSnapshot: null, spares: 0 });
  drivers.push(driver);
  const version = { ...versionOf(module, {}), snapshot };
  await driver.load(version);
  return textOf(await driver.invoke(invocationOf(version.key, {}), quietHost([])).outcome);
}

const atTopLevel = `(() => {
  class Mine extends HTMLRewriter {}
  const rewriter = new Mine().on("b", { element: (b) => b.remove() });
  return { fetch() { return rewriter.transform(new Response("a<b>c</b>")); } };
})()`;
const later = `{ fetch() { return new HTMLRewriter().transform(new Response("later")); } }`;

describe("evaluateModule()", () => {
  test.each([
    ["an error", `(() => { throw new Error("no"); })()`, "The module's top level threw: no"],
    ["a text", `(() => { throw "no"; })()`, "The module's top level threw: no"],
    ["an object with a message", `(() => { throw { message: "no" }; })()`, "The module's top level threw: no"],
    [
      "what cannot be looked at",
      `(() => { throw new Proxy(() => {}, { get() { throw 1; }, getPrototypeOf() { throw 2; } }); })()`,
      "The module's top level threw something that is no Error",
    ],
  ])("refuses a top level that throws %s", async (_, module, message) => {
    expect(await evaluate(module)).toMatchObject({ ok: false, code: "PUBLISH_REFUSED", message });
  });

  test("cuts an error that is as long as strings can be", async () => {
    const evaluation = await evaluate(`(() => { throw new Error("e".repeat(100_000_000)); })()`);
    if (evaluation.ok) throw new Error("It was published");
    expect(evaluation.message.length + evaluation.stack.length).toBeLessThan(40_000);
  });

  test("tells which parts the top level used", async () => {
    expect(await evaluate(atTopLevel)).toMatchObject({ ok: true, parts: ["html-rewriter"], snapshotFailure: null });
    expect(await evaluate(later)).toMatchObject({ ok: true, parts: [], snapshotFailure: null });
  });

  test.each([
    ["holds the parts of the top level", atTopLevel, "a"],
    ["does not prevent parts from being loaded later", later, "later"],
  ])("its snapshot %s", async (_claim, module, expected) => {
    const evaluation = await evaluate(module);
    const snapshot = evaluation.ok ? evaluation.snapshot : null;
    expect(snapshot).not.toBe(null);
    expect(await answer(module, snapshot)).toBe(expected);
  });

  test("names one part once, however often the top level tries to load it", async () => {
    const module = `(() => {
      const { defineProperty } = Object;
      Object.defineProperty = null;
      for (let i = 0; i < 100; i++) try { HTMLRewriter; } catch {}
      Object.defineProperty = defineProperty;
      return ${later};
    })()`;
    expect(await evaluate(module)).toMatchObject({ ok: true, parts: ["html-rewriter"] });
  });
});

test("createFunctionSnapshot() throws when the top level uses a part it was not given", () => {
  const code = `var __selvageModule = { default: ${atTopLevel} };`;
  expect(() => createFunctionSnapshot(guest, { code, parts: [] })).toThrow("this runtime has no such part");
});

describe("a module that reaches for what the host hands in", () => {
  const thief = `(() => {
    const stolen = [];
    const take = (...parameters) => { stolen.push(...parameters); return take; };
    for (const name of ["__selvagePrepare", "__selvageBoot"]) {
      try { Object.defineProperty(globalThis, name, { value: take }); } catch {}
      try { globalThis[name] = take; } catch {}
      try { delete globalThis[name]; } catch {}
    }
    const functions = () => stolen.filter((item) => typeof item === "function").length;
    const usable = (call) => { try { call(); return true; } catch { return false; } };
    return { fetch() { return Response.json([functions(), usable(() => __selvagePrepare(1, () => "")), usable(() => __selvageBoot("{}"))]); } };
  })()`;

  test.each(["from a snapshot", "from code"])("gets none of it when it starts %s", async (from) => {
    const evaluation = await evaluate(thief);
    const snapshot = evaluation.ok ? evaluation.snapshot : null;
    expect(snapshot).not.toBe(null);
    const [functions, ...usable] = JSON.parse(await answer(thief, from === "from code" ? null : snapshot)) as unknown[];
    expect(functions).toBe(0);
    expect(usable).toEqual([false, false]);
  });
});
