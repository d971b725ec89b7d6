/**
 * The contract of `Driver`, run over each implementation. Modules are written as bundles: a script that sets `__selvageModule`.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Driver } from "../../runtime/driver.ts";
import { bodies, passedOn, subrequests } from "./driver-contract-bodies.ts";
import { sockets } from "./driver-contract-sockets.ts";
import { caches, services } from "./driver-contract-targets.ts";
import { runOnce, type RunFunction, type RunOptions, type Run } from "./driver-run.ts";
import { bytesOf, headersOf, streamOf, textOf } from "./driver-fixtures.ts";
import { cryptoOperations } from "./driver-contract-crypto.ts";
import { clocks } from "./driver-contract-clocks.ts";
import { codeGeneration } from "./driver-contract-code-generation.ts";
import { eventFunctions } from "./driver-contract-events.ts";
import { parts } from "./driver-contract-parts.ts";
import { keeping, lifeCycle, limits, sizes } from "./driver-contract-life-cycle.ts";
import { streams } from "./driver-contract-streams.ts";
import { quickFunctions } from "./driver-contract-quick.ts";
import { uncaughtErrors } from "./driver-contract-uncaught.ts";

/** Runs the whole contract over drivers that `create` makes; one driver serves all tests. */
export function driverContract(name: string, create: () => Promise<Driver>): void {
  describe(`${name}: Driver contract`, () => {
    let driver: Driver;
    beforeAll(async () => {
      driver = await create();
    });
    afterAll(async () => {
      await driver.close();
    });
    const run = (module: string, options: RunOptions = {}): Promise<Run> => runOnce(driver, module, options);

    answers(run);
    requestHooks(run);
    responseHooks(run);
    failures(run);
    bodies(run);
    parts(run);
    subrequests(run);
    passedOn(run);
    services(run);
    caches(run);
    streams(run);
    sockets(() => driver);
    lifeCycle(() => driver);
    keeping(() => driver);
    limits(() => driver);
    sizes(run);
    uncaughtErrors(() => driver);
    quickFunctions(() => driver);
    cryptoOperations(run);
    clocks(run);
    codeGeneration(run);
    eventFunctions(run);
  });
}

function answers(run: RunFunction): void {
  it("a fetch hook answers with status, headers and text", async () => {
    const { outcome } = await run(
      `{ fetch(request, env, ctx) { const url = new URL(request.url); return new Response("hello " + url.pathname, { status: 201, headers: { "X-A": request.headers.get("x-in") } }); } }`,
      { invocation: { url: "http://example.com/path?q=1", headers: "host:example.com\nx-in:yes\n" } },
    );
    expect(outcome).toMatchObject({ kind: "response", status: 201 });
    expect(await textOf(outcome)).toBe("hello /path");
    expect(headersOf(outcome)).toContain("x-a:yes\n");
  });

  it("an async hook, env and ctx work", async () => {
    const { outcome, logs } = await run(
      `{ async fetch(request, env, ctx) { await null; console.log("seen", { a: 1 }); ctx.logger.warn("warned"); return Response.json({ key: env.KEY, id: ctx.requestId, fn: ctx.functionName, v: ctx.version, phase: ctx.phase, ip: ctx.clientIp, domain: ctx.domain, priority: ctx.rule.priority, left: ctx.getRemainingTimeInMilliSeconds() > 0 }); } }`,
      { environment: { KEY: "value" } },
    );
    expect(JSON.parse(await textOf(outcome))).toEqual({
      key: "value",
      id: "request-1",
      fn: "f",
      v: "v1",
      phase: "fetch",
      ip: "127.0.0.1",
      domain: "example.com",
      priority: 7,
      left: true,
    });
    expect(logs).toEqual(["info seen { a: 1 }", "warn warned"]);
  });

  it.each([
    [
      "a TLS connection",
      { version: "TLSv1.2", cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", serverName: "WWW.x.test" },
    ],
    [
      "a server name that is none",
      { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", serverName: "a b\u00e9 c.x.test" },
    ],
    ["no such connection", null],
  ])("ctx.tls tells of %s", async (_case, tls) => {
    const { outcome } = await run(`{ fetch(request, env, ctx) { return Response.json(ctx.tls ?? null); } }`, {
      invocation: { tls },
    });
    expect(JSON.parse(await textOf(outcome))).toEqual(tls);
  });

  it("bytes and text beyond Latin-1 arrive as they were", async () => {
    const text = await run(`{ fetch() { return new Response("snö 🙂"); } }`);
    expect(await textOf(text.outcome)).toBe("snö 🙂");
    const bytes = await run(`{ fetch() { return new Response(new Uint8Array([0, 255, 10, 128])); } }`);
    expect([...(await bytesOf(bytes.outcome))]).toEqual([0, 255, 10, 128]);
  });

  it("crypto, timers and structuredClone are there", async () => {
    const { outcome } = await run(
      `{ async fetch() { const d = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc")); await new Promise((r) => setTimeout(r, 5)); const id = crypto.randomUUID(); return Response.json({ d: Array.from(new Uint8Array(d)).slice(0, 4), id: id.length, c: structuredClone({ a: [1] }) }); } }`,
    );
    expect(JSON.parse(await textOf(outcome))).toEqual({ d: [186, 120, 22, 191], id: 36, c: { a: [1] } });
  });

  it("instances of one version share no state with another version", async () => {
    const module = `(globalThis.count = (globalThis.count ?? 0) + 1, { fetch() { return new Response(String(globalThis.count)); } })`;
    expect(await textOf((await run(module)).outcome)).toBe("1");
    expect(await textOf((await run(module)).outcome)).toBe("1");
  });
}

function requestHooks(run: RunFunction): void {
  const invocation = { phase: "clientRequest", headers: "host:example.com\nx-a:1\n" } as const;

  it("clientRequest returning nothing continues", async () => {
    expect((await run(`{ clientRequest() {} }`, { invocation })).outcome).toEqual({ kind: "continue" });
  });

  it("changing request.headers counts without a return value", async () => {
    const { outcome } = await run(
      `{ clientRequest(request) { request.headers.set("x-user", "42"); request.headers.delete("x-a"); } }`,
      { invocation },
    );
    expect(outcome).toMatchObject({
      kind: "request",
      method: "GET",
      url: "http://example.com/",
      body: { kind: "empty" },
    });
    expect(headersOf(outcome)).toBe("host:example.com\nx-user:42\n");
  });

  it("a new Request replaces URL, method and headers", async () => {
    const { outcome } = await run(
      `{ clientRequest(request) { return new Request("http://example.com/new?x=1", { method: "POST", headers: request.headers, body: "hi" }); } }`,
      { invocation },
    );
    expect(outcome).toMatchObject({ kind: "request", method: "POST", url: "http://example.com/new?x=1" });
    expect(await textOf(outcome)).toBe("hi");
  });

  it("a Request built from the incoming one keeps the body outside the isolate", async () => {
    const { outcome } = await run(
      `{ clientRequest(request) { return new Request(new URL("/b", request.url), request); } }`,
      {
        invocation: { ...invocation, method: "POST", body: streamOf(["never read"]) },
      },
    );
    expect(outcome).toMatchObject({
      kind: "request",
      method: "POST",
      url: "http://example.com/b",
      body: { kind: "same" },
    });
  });

  it("a Response answers", async () => {
    const { outcome } = await run(`{ clientRequest() { return new Response(null, { status: 204 }); } }`, {
      invocation,
    });
    expect(outcome).toMatchObject({ kind: "response", status: 204, body: { kind: "empty" } });
  });

  it("a body that was read cannot go on silently", async () => {
    const { outcome } = await run(`{ async clientRequest(request) { await request.text(); } }`, {
      invocation: { ...invocation, method: "POST", body: streamOf(["abc"]) },
    });
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_RESULT_INVALID" });
  });
}

function responseHooks(run: RunFunction): void {
  const invocation = {
    phase: "clientResponse",
    cacheStatus: "hit",
    response: { status: 200, headers: "content-type:text/plain\n", body: streamOf(["kept outside"]) },
  } as const;

  it("mutating response.headers keeps status and body", async () => {
    const { outcome } = await run(
      `{ clientResponse(response, env, ctx) { response.headers.set("x-cache", ctx.cacheStatus); } }`,
      { invocation },
    );
    expect(outcome).toMatchObject({ kind: "response", status: 200, body: { kind: "same" } });
    expect(headersOf(outcome)).toBe("content-type:text/plain\nx-cache:hit\n");
  });

  it("new Response(response.body, …) passes the body through untouched", async () => {
    const { outcome } = await run(
      `{ clientResponse(response) { return new Response(response.body, { status: 203, headers: { "x-b": "1" } }); } }`,
      { invocation },
    );
    expect(outcome).toMatchObject({ kind: "response", status: 203, body: { kind: "same" } });
  });

  it("a body can be rewritten", async () => {
    const { outcome } = await run(
      `{ async originResponse(response) { return new Response((await response.text()).toUpperCase(), response); } }`,
      {
        invocation: {
          ...invocation,
          phase: "originResponse",
          response: { ...invocation.response, body: streamOf(["a", "bc"]) },
        },
      },
    );
    expect(await textOf(outcome)).toBe("ABC");
  });

  it("ctx.request is the request the response belongs to", async () => {
    const { outcome } = await run(
      `{ clientResponse(response, env, ctx) { response.headers.set("x-url", ctx.request.url); } }`,
      { invocation },
    );
    expect(headersOf(outcome)).toContain("x-url:http://example.com/\n");
  });
}

function failures(run: RunFunction): void {
  it.each([
    ["throws", `{ fetch() { throw new TypeError("no luck"); } }`, "FUNCTION_THREW", "no luck"],
    ["rejects", `{ async fetch() { throw new Error("later"); } }`, "FUNCTION_THREW", "later"],
    [
      "throws a non-error",
      `{ fetch() { throw { toString() { throw 1; } }; } }`,
      "FUNCTION_THREW",
      "an error that cannot be shown",
    ],
    [
      "returns a number",
      `{ fetch() { return 7; } }`,
      "FUNCTION_RESULT_INVALID",
      "Cannot use the result of fetch: received number, allowed a Response",
    ],
    [
      "returns nothing",
      `{ fetch() {} }`,
      "FUNCTION_RESULT_INVALID",
      "Cannot use the result of fetch: received undefined, allowed a Response",
    ],
    [
      "never settles",
      `{ fetch() { return new Promise(() => {}); } }`,
      "FUNCTION_NEVER_SETTLED",
      "The hook's promise can never settle: nothing is under way",
    ],
  ])("a hook that %s fails with its code", async (_name, module, code, message) => {
    const { outcome } = await run(module);
    expect(outcome).toMatchObject({ kind: "failed", code, message });
  });

  it("a failed hook carries its stack, in positions of the bundle", async () => {
    const { outcome } = await run(`{ fetch() { throw new Error("x"); } }`);
    expect(outcome.kind === "failed" ? outcome.stack : "").toContain("function.js");
  });

  it("passThroughOnException is reported", async () => {
    const { outcome } = await run(`{ fetch(r, e, ctx) { ctx.passThroughOnException(); throw new Error("x"); } }`);
    expect(outcome).toMatchObject({ kind: "failed", passThrough: true });
  });

  it("an endless loop is stopped by the CPU limit, and the version serves again", async () => {
    const module = `{ fetch(request) { if (request.url.endsWith("loop")) for (;;); return new Response("fine"); } }`;
    const { outcome } = await run(module, { invocation: { url: "http://example.com/loop" } });
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_CPU_LIMIT" });
  });

  it("a wait beyond the wall limit is stopped", async () => {
    const { outcome } = await run(`{ async fetch() { await new Promise((r) => setTimeout(r, 60000)); } }`, {
      limits: { fetchWallMs: 30 },
    });
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_WALL_LIMIT" });
  });

  it("a top level that throws fails the invocation with FUNCTION_LOAD_FAILED", async () => {
    const { outcome } = await run(`(() => { throw new Error("at load"); })()`);
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_LOAD_FAILED", message: "at load" });
  });

  it("time, randomness and fetch are refused at the top level", async () => {
    const { outcome } = await run(`(crypto.randomUUID(), {})`);
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_LOAD_FAILED" });
  });

  it("tampering with prototypes breaks only the function itself", async () => {
    const { outcome } = await run(
      `(Promise.prototype.then = () => {}, Array.prototype.push = () => {}, Object.prototype.then = 1, { fetch() { return new Response("ok"); } })`,
    );
    expect(["response", "failed"]).toContain(outcome.kind);
  });
}
