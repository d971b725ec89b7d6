/** The part of the driver contract about versions that come and go, and about bounds. */
import { expect, it } from "vitest";
import type { Driver } from "../../runtime/driver.ts";
import { batchLimits } from "../../sdk/limits.ts";
import type { RunFunction } from "./driver-run.ts";
import { invocationOf, quietHost, textOf, versionOf } from "./driver-fixtures.ts";

/** Loading, warming, unloading, cancelling. */
export function lifeCycle(driver: () => Driver): void {
  it("an unknown version is FUNCTION_UNAVAILABLE", async () => {
    const outcome = await driver().invoke(invocationOf("nobody", {}), quietHost([])).outcome;
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_UNAVAILABLE" });
  });

  it("warm() starts instances and reports what stops them", async () => {
    const good = versionOf(`{ fetch() { return new Response("w"); } }`, {});
    await driver().load(good);
    expect(await driver().warm(good.key, 2)).toBeNull();
    const stats = (await driver().stats()).find(({ key }) => key === good.key);
    expect(stats).toMatchObject({ instances: 2, active: 0, coldStarts: 2 });
    const bad = versionOf(`(() => { throw new Error("cannot"); })()`, {});
    await driver().load(bad);
    expect(await driver().warm(bad.key, 1)).toMatchObject({ code: "FUNCTION_LOAD_FAILED", message: "cannot" });
  });

  it("prewarm() starts one instance where there is none, and tells of no failure", async () => {
    const good = versionOf(`{ fetch() { return new Response("w"); } }`, {});
    const bad = versionOf(`(() => { throw new Error("cannot"); })()`, {});
    for (const version of [good, bad]) {
      await driver().load(version);
      await driver().prewarm(version.key);
      await driver().prewarm(version.key);
    }
    await driver().prewarm("nobody");
    const stats = (await driver().stats()).find(({ key }) => key === good.key);
    expect(stats).toMatchObject({ instances: 1, active: 0, coldStarts: 1 });
  });

  it("an unloaded version is gone", async () => {
    const version = versionOf(`{ fetch() { return new Response("w"); } }`, {});
    await driver().load(version);
    driver().unload(version.key);
    const outcome = await driver().invoke(invocationOf(version.key, {}), quietHost([])).outcome;
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_UNAVAILABLE" });
  });

  it("500 requests in one instance each waiting run together", async () => {
    const version = versionOf(
      `{ async fetch() { await new Promise((r) => setTimeout(r, 50)); return new Response("x"); } }`,
      {
        concurrency: 1000,
        instancesMax: 1,
        cpuMs: 1000,
      },
    );
    await driver().load(version);
    const outcomes = await Promise.all(
      Array.from({ length: 500 }, () => driver().invoke(invocationOf(version.key, {}), quietHost([])).outcome),
    );
    expect(outcomes.every((outcome) => outcome.kind === "response")).toBe(true);
    expect((await driver().stats()).find(({ key }) => key === version.key)).toMatchObject({ instances: 1 });
  });

  it("cancel() aborts request.signal", async () => {
    const version = versionOf(
      `{ fetch(request) { return new Promise((resolve) => { setTimeout(() => {}, 20000); request.signal.addEventListener("abort", () => resolve(new Response("aborted"))); }); } }`,
      {},
    );
    await driver().load(version);
    await driver().warm(version.key, 1);
    const running = driver().invoke(invocationOf(version.key, {}), quietHost([]));
    running.cancel();
    expect(await textOf(await running.outcome)).toBe("aborted");
  });
}

/** Instances that are kept. */
export function keeping(driver: () => Driver): void {
  it("reserve() keeps instances started that nobody asked for, and takes back what is not reserved any more", async () => {
    const version = versionOf(`{ fetch() { return new Response("w"); } }`, {});
    await driver().load(version);
    const reserved = async (): Promise<readonly number[]> => {
      const rows = (await driver().stats()).filter(({ key }) => key === version.key);
      return [rows[0]?.reserved ?? 0, rows[0]?.instances ?? 0];
    };
    driver().reserve(version.key, 3);
    while ((await reserved())[0] !== 3) await new Promise((resolve) => setImmediate(resolve));
    expect(await textOf(await driver().invoke(invocationOf(version.key, {}), quietHost([])).outcome)).toBe("w");
    expect(await reserved()).toEqual([3, 3]);
    driver().reserve(version.key, 1);
    while ((await reserved())[0] !== 1) await new Promise((resolve) => setImmediate(resolve));
    driver().reserve("nobody", 3);
    driver().unload(version.key);
    expect((await driver().stats()).some(({ key }) => key === version.key)).toBe(false);
  });
}

/** What is refused, and what one function cannot do to another. */
export function limits(driver: () => Driver): void {
  it("beyond concurrency, instances and queue an invocation is FUNCTION_OVERLOADED", async () => {
    const version = versionOf(
      `{ async fetch() { await new Promise((r) => setTimeout(r, 100)); return new Response("x"); } }`,
      {
        concurrency: 1,
        instancesMax: 1,
        queueMax: 1,
      },
    );
    await driver().load(version);
    await driver().warm(version.key, 1);
    const outcomes = await Promise.all(
      Array.from({ length: 3 }, () => driver().invoke(invocationOf(version.key, {}), quietHost([])).outcome),
    );
    expect(outcomes.map((outcome) => (outcome.kind === "failed" ? outcome.code : outcome.kind))).toEqual([
      "response",
      "response",
      "FUNCTION_OVERLOADED",
    ]);
  });

  it("an instance that says too much at once is stopped, and every invocation of it is answered", async () => {
    const version = versionOf(
      `{ async fetch({ url }) { if (!url.endsWith("/large")) await new Promise((r) => setTimeout(r, 20_000)); await fetch("http://a.example/", { method: "X".repeat(${String(batchLimits.charsMax)}) }); } }`,
      { instancesMax: 1, memoryMiB: 1_024, cpuMs: 10_000 },
    );
    await driver().load(version);
    await driver().warm(version.key, 1);
    const outcomes = ["waits", "large", "large"].map(
      (path) =>
        driver().invoke(invocationOf(version.key, { url: `http://example.com/${path}` }), quietHost([])).outcome,
    );
    const failure = { kind: "failed", code: "FUNCTION_RESULT_INVALID", message: expect.stringContaining("characters") };
    expect(await Promise.all(outcomes)).toMatchObject([failure, failure, failure]);
  });

  it("a looping request does not stop another function's requests", async () => {
    const looping = versionOf(`{ fetch() { for (;;); } }`, { cpuMs: 300 });
    const neighbour = versionOf(`{ fetch() { return new Response("alive"); } }`, {});
    await driver().load(looping);
    await driver().load(neighbour);
    await driver().warm(neighbour.key, 1);
    const loop = driver().invoke(invocationOf(looping.key, {}), quietHost([]));
    const answer = await driver().invoke(invocationOf(neighbour.key, {}), quietHost([])).outcome;
    expect(await textOf(answer)).toBe("alive");
    expect(await loop.outcome).toMatchObject({ kind: "failed", code: "FUNCTION_CPU_LIMIT" });
  });

  it("a loop that begins after the answer is stopped, too", async () => {
    const version = versionOf(`{ fetch() { setTimeout(() => { for (;;); }, 1); return new Response("answered"); } }`, {
      cpuMs: 500,
    });
    await driver().load(version);
    expect(await textOf(await driver().invoke(invocationOf(version.key, {}), quietHost([])).outcome)).toBe("answered");
    const instances = async (): Promise<number> => {
      const stats = (await driver().stats()).find(({ key }) => key === version.key);
      return stats?.instances ?? 0;
    };
    while ((await instances()) > 0) await new Promise((resolve) => setImmediate(resolve));
    driver().unload(version.key);
  });
}

/** How much a function may say. */
export function sizes(run: RunFunction): void {
  it("answers with too large headers fail with FUNCTION_HEADERS_TOO_LARGE", async () => {
    const { outcome } = await run(
      `{ fetch() { return new Response("", { headers: { "x-big": "a".repeat(70000) } }); } }`,
    );
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_HEADERS_TOO_LARGE" });
  });

  it("what a function says is cut before it crosses: headers, errors and log lines of many MiB cost the host nothing", async () => {
    const huge = `"x".repeat(50_000_000)`;
    const headers = await run(`{ fetch() { return new Response("", { headers: { "x-huge": ${huge} } }); } }`);
    expect(headers.outcome).toMatchObject({ kind: "failed", code: "FUNCTION_HEADERS_TOO_LARGE" });
    const thrown = await run(`{ fetch() { throw new Error(${huge}); } }`);
    expect(thrown.outcome).toMatchObject({
      kind: "failed",
      code: "FUNCTION_THREW",
      message: expect.stringMatching(/^x{1000,16384}$/),
    });
    const { logs } = await run(
      `{ fetch() { for (let i = 0; i < 20_000; i++) console.log("l".repeat(1_000)); return new Response(""); } }`,
    );
    expect(logs.join("").length).toBeLessThanOrEqual(66_000);
    expect(logs.length).toBeGreaterThan(60);
    const asked = await run(`{ async fetch() {
      const attempt = (url, init) => fetch(url, init).then(() => "sent", ({ message }) => message);
      return Response.json([
        await attempt("https://example.com/" + ${huge}),
        await attempt("https://example.com/", { headers: { "x-huge": ${huge} } }),
      ]);
    } }`);
    expect(JSON.parse(await textOf(asked.outcome))).toEqual([
      expect.stringContaining("allowed 16384"),
      expect.stringContaining("allowed 65536"),
    ]);
  });
}
