import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { InvocationHost, Subrequest, SubrequestResponse } from "../../../runtime/driver.ts";
import type { LocalDriver } from "../../../runtime/local-driver.ts";
import { mapStack } from "../../../sdk/map-stack.ts";
import { invocationOf, quietHost, streamOf, textOf } from "../../runtime/driver-fixtures.ts";
import { bundled, filesInput } from "../run-bundle.ts";
import { bundledVersion, evaluate, startDriver } from "./run-function.ts";

let driver: LocalDriver;
beforeAll(async () => {
  driver = await startDriver();
});
afterAll(async () => {
  await driver.close();
});

const imports =
  'import { AsyncLocalStorage, AsyncResource } from "node:async_hooks"; const storage = new AsyncLocalStorage();';

/** A host whose subrequests wait until `count` are there, and are answered last first. */
function crossingHost(count: number): InvocationHost {
  let waiting: (() => void)[] = [];
  const fetch = (request: Subrequest): Promise<SubrequestResponse> =>
    new Promise((resolve) => {
      const body = streamOf(["one ", "two ", request.url]);
      waiting.push(() => {
        resolve({ status: 200, statusText: "", headers: "", body, url: request.url, redirected: false });
      });
      if (waiting.length < count) return;
      for (const answer of waiting.toReversed()) answer();
      waiting = [];
    });
  return { ...quietHost([]), fetch };
}

/** What each of `count` requests at once (to `/0`, `/1`, …) of one instance answers; `body` has `id`, `storage` and `seen(where)`. */
async function requestsAtOnce(body: string, count = 8): Promise<string[]> {
  const index = `${imports}
    export default { async fetch(request) {
      const id = new URL(request.url).pathname.slice(1);
      const wrong = [];
      const seen = (where) => { if (storage.getStore()?.id !== id) wrong.push(where + ": " + storage.getStore()?.id); };
      if (storage.getStore() !== undefined) wrong.push("left over: " + storage.getStore().id);
      await storage.run({ id }, async () => { ${body} });
      if (storage.getStore() !== undefined) wrong.push("outside: " + storage.getStore().id);
      return new Response(wrong.join(", ") || "ok");
    } };`;
  const limits = { concurrency: count, instancesMax: 1, cpuMs: 5_000 };
  const version = await bundledVersion({ "index.ts": index }, { limits });
  await driver.load(version);
  const host = crossingHost(count);
  const runs = Array.from({ length: count }, async (_, id) => {
    const invocation = invocationOf(version.key, { url: `http://example.com/${String(id)}` });
    return textOf(await driver.invoke(invocation, host).outcome);
  });
  return Promise.all(runs);
}

describe("AsyncLocalStorage keeps each request's store", () => {
  it.each([
    ["after await", "await null; seen('await'); await Promise.resolve(); seen('again');"],
    ["after fetch", "await fetch('http://a.example/'); seen('fetch');"],
    [
      "in a reaction of fetch",
      "await fetch('http://a.example/').then((r) => { seen('then'); return r.text(); }).finally(() => seen('finally'));",
    ],
    [
      "while a body is read",
      "const r = await fetch('http://a.example/'); const reader = r.body.getReader(); for (;;) { const { done } = await reader.read(); seen('read'); if (done) break; }",
    ],
    [
      "in for await over a body",
      "const r = await fetch('http://a.example/'); for await (const chunk of r.body) seen('chunk'); seen('end');",
    ],
    [
      "in async generators",
      "async function* ids() { for (let i = 0; i < 3; i++) { await fetch('http://a.example/'); seen('inside'); yield i; } } for await (const i of ids()) seen('loop');",
    ],
    [
      "after rejections",
      "try { await fetch('http://a.example/').then(() => { throw new Error('x'); }); } catch { seen('catch'); } await Promise.reject(1).catch(() => seen('catch()'));",
    ],
    ["in timers", "await new Promise((done) => setTimeout(() => { seen('timeout'); done(); }, 1)); seen('after');"],
    [
      "in intervals",
      "await new Promise((done) => { let n = 0; const t = setInterval(() => { seen('interval'); if (++n === 2) { clearInterval(t); done(); } }, 1); });",
    ],
    ["in queueMicrotask", "await new Promise((done) => queueMicrotask(() => { seen('microtask'); done(); }));"],
    ["in process.nextTick", "await new Promise((done) => process.nextTick(() => { seen('tick'); done(); }));"],
    [
      "after Promise.all",
      "await Promise.all([fetch('http://a.example/'), null].map(async (p) => { await p; seen('item'); })); seen('all');",
    ],
    ["after crypto", "await crypto.subtle.digest('SHA-256', new Uint8Array(9)); seen('digest');"],
    [
      "in a stream's callbacks",
      "const s = new ReadableStream({ async pull(c) { await fetch('http://a.example/'); seen('pull'); c.enqueue(new Uint8Array(1)); c.close(); } }); await new Response(s.pipeThrough(new TransformStream({ async transform(x, c) { await null; seen('transform'); c.enqueue(x); }, flush() { seen('flush'); } }))).text(); seen('end');",
    ],
    [
      "in ReadableStream.from",
      "async function* g() { await fetch('http://a.example/'); seen('generator'); yield new Uint8Array(1); } await new Response(ReadableStream.from(g())).text();",
    ],
    [
      "in thenables",
      "await { then(done) { seen('then'); fetch('http://a.example/').then(() => { seen('inner'); done(); }); } }; seen('after');",
    ],
    [
      "in listeners",
      "const t = new EventTarget(); t.addEventListener('x', () => seen('listener')); t.dispatchEvent(new Event('x')); const s = AbortSignal.timeout(1); await new Promise((done) => s.addEventListener('abort', () => { seen('abort'); done(); }));",
    ],
    [
      "in bound functions",
      "let f; storage.run({ id }, () => { f = AsyncLocalStorage.bind(() => seen('bound')); }); const r = new AsyncResource('r'); const snap = AsyncLocalStorage.snapshot(); storage.exit(() => { f(); r.runInAsyncScope(() => seen('resource')); r.bind(() => seen('bind'))(); snap(() => seen('snapshot')); });",
    ],
    [
      "after enterWith, which ends with its request",
      "await fetch('http://a.example/'); storage.enterWith({ id }); await null; seen('entered');",
    ],
  ])("%s", async (_name, body) => {
    await expect(requestsAtOnce(body)).resolves.toEqual(Array.from({ length: 8 }, () => "ok"));
  });

  it("after enterWith at the top of a hook, nothing is left for the next request", async () => {
    const body = "storage.enterWith({ id }); await null; seen('entered');";
    await expect(requestsAtOnce(body)).resolves.toEqual(Array.from({ length: 8 }, () => "ok"));
  });
});

function run(body: string): Promise<unknown> {
  return evaluate(driver, { imports, body });
}

describe("node:async_hooks", () => {
  it("run gives arguments and result through, and puts the store before back when it throws", async () => {
    const body = `const seen = [storage.run(1, (a, b) => [storage.getStore(), a, b], 2, 3)];
      storage.run(1, () => { try { storage.run(2, () => { throw new Error("x"); }); } catch { seen.push(storage.getStore()); } });
      seen.push(storage.getStore() ?? null, storage.run(1, () => storage.exit(() => storage.getStore() ?? null)));
      return seen;`;
    await expect(run(body)).resolves.toEqual([[1, 2, 3], 1, null, null]);
  });

  it("storages do not know each other; disable, default value and name", async () => {
    const body = `const other = new AsyncLocalStorage({ defaultValue: "d", name: "n" });
      return storage.run(1, () => other.run(2, () => {
        const both = [storage.getStore(), other.getStore()];
        other.disable();
        return [...both, storage.getStore(), other.getStore(), other.name];
      }));`;
    await expect(run(body)).resolves.toEqual([1, 2, 1, "d", "n"]);
  });

  it("a listener can be removed, and added once only", async () => {
    const body = `const t = new EventTarget(); let n = 0; const f = () => { n += 1; };
      t.addEventListener("x", f); storage.run(1, () => t.addEventListener("x", f)); t.dispatchEvent(new Event("x"));
      t.removeEventListener("x", f); t.dispatchEvent(new Event("x"));
      const o = { handleEvent(e) { n += this === o && e.type === "x" ? 10 : 100; } };
      t.addEventListener("x", o, { once: true }); t.dispatchEvent(new Event("x")); t.dispatchEvent(new Event("x"));
      return n;`;
    await expect(run(body)).resolves.toBe(11);
  });

  it("patched functions look as before", async () => {
    const body = `return [Promise.prototype.then.length, Promise.prototype.then.name, Object.keys(Promise.prototype), setTimeout.name, new ReadableStream() instanceof ReadableStream,
      new ReadableStream().constructor === ReadableStream, new Response("x").body instanceof ReadableStream, ReadableStream.name, Object.getOwnPropertyDescriptor(globalThis, "setTimeout").enumerable];`;
    await expect(run(body)).resolves.toEqual([2, "then", [], "setTimeout", true, true, true, "ReadableStream", true]);
  });

  it("wrong arguments and what the engine cannot tell are refused", async () => {
    const body = `const { createHook, executionAsyncId } = await import("async_hooks");
      return [() => storage.run(1), () => new AsyncResource(1), () => createHook({}), executionAsyncId].map((f) => { try { f(); return "no"; } catch (e) { return e.name + " " + e.code; } });`;
    await expect(run(body)).resolves.toEqual([
      "TypeError ERR_INVALID_ARG_TYPE",
      "TypeError ERR_INVALID_ARG_TYPE",
      "Error ERR_METHOD_NOT_IMPLEMENTED",
      "Error ERR_METHOD_NOT_IMPLEMENTED",
    ]);
  });
});

describe("the bundle", () => {
  it("keeps async functions and patches nothing unless node:async_hooks is used", async () => {
    const plain = await bundled(filesInput({ "index.ts": "export default { async fetch() { await 1; } };" }));
    expect(plain.code).toContain("async fetch()");
    expect(plain.code).not.toContain("Promise.prototype");
    const unused = 'import { AsyncLocalStorage } from "async_hooks"; export default { async fetch() { await 1; } };';
    expect((await bundled(filesInput({ "index.ts": unused }))).code).toBe(plain.code);
    const used = await bundled(
      filesInput({ "index.ts": `${imports} export default { async fetch() { storage.getStore(); } };` }),
    );
    expect(used.code).not.toMatch(/\basync (?:fetch|function|\()/);
  });

  it("leaves the engine's functions alone unless node:async_hooks is used", async () => {
    const body =
      "return [Promise.prototype.then, Promise.resolve].map((f) => Function.prototype.toString.call(f).includes('native code'));";
    await expect(evaluate(driver, { imports: "", body })).resolves.toEqual([true, true]);
    await expect(run(`storage.getStore(); ${body}`)).resolves.toEqual([false, false]);
  });

  it("stacks still lead to the author's lines", async () => {
    const index = `${imports}\nexport default {\n  async fetch() {\n    await storage.run(1, async () => {\n      await null;\n      throw new Error("here");\n    });\n  },\n};`;
    const { code, sourceMap } = await bundled(filesInput({ "index.ts": index }));
    const version = { ...(await bundledVersion({ "index.ts": index })), code };
    await driver.load(version);
    const outcome = await driver.invoke(invocationOf(version.key, {}), quietHost([])).outcome;
    if (outcome.kind !== "failed") throw new Error(JSON.stringify(outcome));
    expect(mapStack(outcome.stack, sourceMap)).toContain("index.ts:6:13");
  });

  it("a class's hooks, a frozen default export and a CommonJS module stay what they are", async () => {
    const shapes = [
      `class A { #secret = "yes"; async fetch() { return new Response(this.#secret + storage.getStore()); } } export default new A();`,
      `export default Object.freeze({ fetch: () => new Response("yes" + storage.getStore()) });`,
    ];
    for (const shape of shapes) {
      const version = await bundledVersion({ "index.ts": `${imports} ${shape}` });
      await driver.load(version);
      const { outcome } = driver.invoke(invocationOf(version.key, {}), quietHost([]));
      await expect(textOf(await outcome)).resolves.toBe("yesundefined");
    }
    const common = `const { AsyncLocalStorage } = require("async_hooks"); const s = new AsyncLocalStorage(); module.exports = { fetch: async () => new Response(await s.run("yes", async () => { await 1; return s.getStore(); })) };`;
    const version = await bundledVersion({
      "index.ts": 'import hooks from "./hooks.cjs"; export default hooks;',
      "hooks.cjs": common,
    });
    await driver.load(version);
    await expect(textOf(await driver.invoke(invocationOf(version.key, {}), quietHost([])).outcome)).resolves.toBe(
      "yes",
    );
  });
});
