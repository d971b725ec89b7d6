/** WebAssembly and start-up snapshots: V8 cannot freeze it, so whoever touches it at the top level starts from code, and a snapshot changes no limit. */
import { describe, expect, it, onTestFinished } from "vitest";
import { createBaseSnapshot, evaluateModule, type Evaluation } from "../../runtime/evaluate-module.ts";
import { guestCode } from "./guest-code.ts";
import { addModule, growingModule, leb, limits, moduleOf, section } from "./wasm-assembler.ts";
import { valueOf, versionFrom, WasmInstances, type WasmCode } from "./wasm-instance.ts";

async function evaluate(
  code: WasmCode,
  options: { readonly snapshot: boolean } = { snapshot: true },
): Promise<Evaluation> {
  const version = versionFrom(code);
  return evaluateModule({
    guest: await guestCode(),
    code: version.code,
    wasm: version.wasm,
    memoryMiB: 64,
    timeoutMs: 5_000,
    snapshot: options.snapshot,
  });
}

async function start(baseSnapshot: Uint8Array | null = null): Promise<WasmInstances> {
  const instances = await WasmInstances.start(baseSnapshot);
  onTestFinished(() => instances.close());
  return instances;
}

const grow = `const { grow0 } = new WebAssembly.Instance(new WebAssembly.Module(bytes.growing)).exports; return [grow0(400), grow0(600), typeof SharedArrayBuffer];`;
const bytes = { growing: growingModule([limits.from(1)]) };

describe("a module that imports WebAssembly", () => {
  it("is evaluated with its modules, and has no snapshot", async () => {
    const code = {
      top: "if (new WebAssembly.Instance(modules.add).exports.add(1, 2) !== 3) throw new Error('no');",
      body: "",
      modules: { add: addModule },
    };
    expect(await evaluate(code)).toMatchObject({
      ok: true,
      hooks: ["fetch"],
      snapshot: null,
      snapshotFailure: "V8 cannot freeze WebAssembly",
    });
  });

  it.each<[string, Uint8Array, string]>([
    ["is no module", new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 99, 1, 1]), "WebAssembly.Module(): "],
    ["has shared memory", moduleOf(section(5, [1, ...limits.shared(1, 2)])), "shared memories are not available"],
    [
      "has too many functions",
      moduleOf(section(1, [1, 0x60, 0, 0]), section(3, [...leb(100_001), ...Array<number>(100_001).fill(0)])),
      "it has 100001 functions and imports, allowed are 100000",
    ],
  ])("is refused with the reason when one %s", async (_name, add, reason) => {
    const evaluation = await evaluate({ body: "", modules: { add } }, { snapshot: false });
    expect(evaluation).toMatchObject({ ok: false, code: "PUBLISH_REFUSED" });
    expect(JSON.stringify(evaluation)).toContain("A WebAssembly module that is imported cannot be used: ");
    expect(JSON.stringify(evaluation)).toContain(reason);
  });
});

describe("a snapshot", () => {
  it.each([
    ["uses it", "globalThis.module = new WebAssembly.Module(bytes.growing);"],
    ["looks whether it is there", "globalThis.has = typeof WebAssembly === 'object';"],
    ["hides that it failed", "try { WebAssembly.compile(bytes.growing); } catch {}"],
    ["puts something in its place", "globalThis.WebAssembly = {};"],
    [
      "defines something in its place",
      "try { Object.defineProperty(globalThis, 'WebAssembly', { value: 1, configurable: false }); } catch {}",
    ],
  ])("is not made when the top level %s", async (_name, top) => {
    expect(await evaluate({ top, body: "", bytes })).toMatchObject({
      ok: true,
      snapshot: null,
      snapshotFailure: expect.stringContaining("V8 cannot freeze WebAssembly"),
    });
  });

  it("of the guest or of a function gives the same WebAssembly within the same limits", async () => {
    const evaluation = await evaluate({ body: grow, bytes });
    if (!evaluation.ok || evaluation.snapshot === null) throw new Error(JSON.stringify(evaluation));
    const instances = await start(createBaseSnapshot(await guestCode()));
    const version = versionFrom({ body: grow, bytes });
    for (const snapshot of [null, evaluation.snapshot]) {
      const own = { ...version, key: `${version.key} ${String(snapshot === null)}`, snapshot };
      await instances.load(own);
      expect(await valueOf(await instances.invoke(own))).toEqual([1, -1, "undefined"]);
    }
  });

  it("keeps the limits when the top level replaced what finishes it", async () => {
    const top = `for (const name of ["__selvagePrepare", "WebAssemblyLimit"]) try { Object.defineProperty(globalThis, name, { value: () => {}, configurable: true }); } catch {}
      try { __selvagePrepare(1024, () => ""); } catch {}`;
    const evaluation = await evaluate({ top, body: grow, bytes });
    if (!evaluation.ok || evaluation.snapshot === null) throw new Error(JSON.stringify(evaluation));
    const instances = await start();
    const version = { ...versionFrom({ top, body: grow, bytes }), snapshot: evaluation.snapshot };
    await instances.load(version);
    expect(await valueOf(await instances.invoke(version))).toEqual([1, -1, "undefined"]);
  });
});

describe("instances of one version", () => {
  it("have the imported modules from their top level on, one by one and at once", async () => {
    const instances = await start();
    const version = versionFrom({
      top: "const { add } = new WebAssembly.Instance(modules.add).exports;",
      body: "await new Promise((resolve) => setTimeout(resolve, 5)); return [add(20, 1), typeof __selvageTakeWasm, typeof __selvageLoadWasm];",
      modules: { add: addModule },
      limits: { concurrency: 1, instancesMax: 4 },
    });
    await instances.load(version);
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => instances.invoke(version)));
    for (const outcome of outcomes) expect(await valueOf(outcome)).toEqual([21, "undefined", "undefined"]);
  });
});
