/** The Cache API from an author's module to a front's memory and back, with real isolates on a whole front. */
import { afterEach, describe, expect, it } from "vitest";
import { ask } from "../support/client.ts";
import { startIsolateEdge, type IsolateEdge } from "../support/isolate-edge.ts";
import { opensThings } from "../support/opened.ts";

const { origin } = opensThings();
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** `/put`: stores the query's `text` with the query's `headers`. `/match`: the stored text, or a miss. */
const KEEPER = `{ async fetch(request) {
  const { pathname, searchParams } = new URL(request.url);
  const key = new Request("https://key.test/", { headers: { lang: searchParams.get("lang") ?? "" } });
  const cache = searchParams.has("name") ? await caches.open(searchParams.get("name")) : caches.default;
  if (pathname === "/put") {
    const broken = new ReadableStream({ pull(c) { if (this.sent) c.error(new Error("broken")); else c.enqueue(new Uint8Array(9)); this.sent = true; } });
    const body = searchParams.has("broken") ? broken : searchParams.get("text");
    try {
      await cache.put(key, new Response(body, { headers: JSON.parse(searchParams.get("headers") ?? "{}") }));
      return new Response("put");
    } catch (error) { return new Response(error.name + ": " + error.message); }
  }
  if (pathname === "/add") { await cache.add(searchParams.get("url")); return (await cache.match(searchParams.get("url"))); }
  if (pathname === "/list") return Response.json([(await cache.keys()).map((r) => r.url), (await cache.matchAll()).length, await caches.keys()]);
  const hit = await cache.match(key);
  return new Response(hit === undefined ? "miss" : await hit.text());
} }`;

/** A front that is answered by function b; function a has the same code. */
async function keepers(): Promise<IsolateEdge> {
  const edge = await startIsolateEdge(
    { a: { module: KEEPER }, b: { module: KEEPER } },
    { rules: [{ phase: "fetch", function: "b" }] },
  );
  open.push(edge);
  return edge;
}

async function get(port: number, path: string): Promise<string> {
  return (await ask(port, path)).text;
}

describe("a function's cache", () => {
  it("answers in the next request what one request put there", async () => {
    const { port } = await keepers();
    expect(await get(port, "/match")).toBe("miss");
    expect(await get(port, "/put?text=kept")).toBe("put");
    expect(await get(port, "/match")).toBe("kept");
    expect(await get(port, "/match?name=v1")).toBe("miss");
    expect(await get(port, "/put?text=named&name=v1")).toBe("put");
    expect(await get(port, "/match?name=v1")).toBe("named");
    expect(JSON.parse(await get(port, "/list?name=v1"))).toEqual([["https://key.test/"], 1, ["v1"]]);
  });

  it("varies, and expires when the response says so", async () => {
    const { port, clock } = await keepers();
    const headers = encodeURIComponent('{"vary":"lang","cache-control":"max-age=60"}');
    await get(port, `/put?text=hallo&lang=de&headers=${headers}`);
    expect(await get(port, "/match?lang=de")).toBe("hallo");
    expect(await get(port, "/match?lang=en")).toBe("miss");
    clock.advance(60_000);
    expect(await get(port, "/match?lang=de")).toBe("miss");
  });

  it("keeps no body that broke off, and says so to its author", async () => {
    const { port } = await keepers();
    await get(port, "/put?text=old");
    expect(await get(port, "/put?broken=1")).toMatch(/^TypeError: The cache failed: .*broken.*FUNCTION_BODY_FAILED/);
    expect(await get(port, "/match")).toBe("old");
  });

  it("takes what the network answers without the bytes entering the isolate", async () => {
    const source = await origin((_request, response) => response.end("from the origin"));
    const { port } = await keepers();
    const url = encodeURIComponent(`http://127.0.0.1:${source.port}/x`);
    expect(await get(port, `/add?url=${url}`)).toBe("from the origin");
    expect(source.requests).toHaveLength(1);
  });

  it("logs why nothing was kept", async () => {
    const { port, logs } = await keepers();
    expect(await get(port, `/put?text=x&headers=${encodeURIComponent('{"set-cookie":"a=b"}')}`)).toBe("put");
    expect(await get(port, "/match")).toBe("miss");
    expect(logs).toMatchObject([
      { function: "b", level: "debug", message: "Cache.put() stored nothing for https://key.test/: SET_COOKIE" },
    ]);
  });

  it("is its own: another function finds nothing there", async () => {
    const { port, route } = await keepers();
    await get(port, "/put?text=mine");
    route({ rules: [{ phase: "fetch", function: "a" }] });
    expect(await get(port, "/match")).toBe("miss");
    await get(port, "/put?text=other");
    route({ rules: [{ phase: "fetch", function: "b" }] });
    expect(await get(port, "/match")).toBe("mine");
  });
});
