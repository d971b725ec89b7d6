/** Calls between functions with real isolates: what an author's code sees of them. */
import { afterEach, describe, expect, it } from "vitest";
import { ask } from "../support/client.ts";
import { startIsolateEdge, type IsolateEdge, type IsolateFunction } from "../support/isolate-edge.ts";

const open: IsolateEdge[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function edge(functions: Readonly<Record<string, IsolateFunction>>): Promise<IsolateEdge> {
  const started = await startIsolateEdge(functions, { rules: [{ phase: "fetch", function: "front" }] });
  open.push(started);
  return started;
}

const toBack = { BACK: { function: "back", version: "v1" } } as const;
const toFront = { FRONT: { function: "front", version: "v1" } } as const;

describe("env.NAME.fetch()", () => {
  it("sends a client's body through two functions and back as it comes", async () => {
    const { port, logs } = await edge({
      front: { services: toBack, module: `{ fetch(request, env) { return env.BACK.fetch(request); } }` },
      back: {
        module: `{ fetch(request, env, ctx) { console.log("in back", ctx.functionName); const upper = new TransformStream({ transform(chunk, c) { c.enqueue(chunk.map((b) => b - 32)); } }); return new Response(request.body.pipeThrough(upper), { status: 201, headers: { "x-from": new URL(request.url).pathname } }); } }`,
      },
    });
    const body = "a".repeat(1_000_000);
    const answer = await ask(port, "/path", { method: "POST", body });
    expect([answer.status, answer.headers["x-from"]]).toEqual([201, "/path"]);
    expect(answer.text).toBe("A".repeat(1_000_000));
    expect(logs).toMatchObject([{ function: "back", version: "v1", phase: "fetch", message: "in back back" }]);
  });

  it("breaks off visibly when the called function's answer breaks off", async () => {
    const { port } = await edge({
      front: { services: toBack, module: `{ fetch(request, env) { return env.BACK.fetch(request); } }` },
      back: {
        module: `{ fetch() { let n = 0; return new Response(new ReadableStream({ pull(c) { n += 1; if (n > 3) c.error(new Error("late")); else c.enqueue(new Uint8Array(10)); } })); } }`,
      },
    });
    await expect(ask(port, "/")).rejects.toThrow("aborted");
  });

  it("rejects with a TypeError that names the binding and the code, and nothing of the called function", async () => {
    const { port, logs } = await edge({
      front: {
        services: toBack,
        module: `{ async fetch(request, env) { try { await env.BACK.fetch("http://back/"); } catch (e) { return new Response(e.name + ": " + e.message); } } }`,
      },
      back: { module: `{ fetch() { throw new Error("secret"); } }` },
    });
    expect((await ask(port, "/")).text).toBe(
      "TypeError: fetch failed: BACK (back@v1): The function failed. (FUNCTION_THREW)",
    );
    expect(logs).toMatchObject([{ function: "back", kind: "error", code: "FUNCTION_THREW", message: "secret" }]);
  });

  it("cuts a loop of two functions with a code", async () => {
    const relay = (name: string): string =>
      `{ async fetch(request, env) { try { return await env.${name}.fetch("http://x/"); } catch (e) { return new Response(e.message); } } }`;
    const { port } = await edge({
      front: { services: toBack, module: relay("BACK") },
      back: { services: toFront, module: relay("FRONT") },
    });
    expect((await ask(port, "/")).text).toMatch(/SERVICE_TOO_DEEP/);
  });

  it("aborts the called function's signal and stream when the caller gives up in the middle of the answer", async () => {
    const { port, logs } = await edge({
      front: {
        services: toBack,
        module: `{ async fetch(request, env) { const c = new AbortController(); const reader = (await env.BACK.fetch("http://back/", { signal: c.signal })).body.getReader(); await reader.read(); c.abort(); try { await reader.read(); } catch (e) { return new Response(e.name); } } }`,
      },
      back: {
        module: `{ fetch(request, env, ctx) { request.signal.addEventListener("abort", () => ctx.logger.info("aborted")); let sent = false; return new Response(new ReadableStream({ pull(c) { if (sent) return new Promise(() => {}); sent = true; c.enqueue(new Uint8Array(1)); }, cancel() { ctx.logger.info("cancelled"); } })); } }`,
      },
    });
    expect((await ask(port, "/")).text).toBe("AbortError");
    await expect
      .poll(() => logs.map(({ message }) => message).sort(), { timeout: 180_000 })
      .toEqual(["aborted", "cancelled"]);
  });
});
