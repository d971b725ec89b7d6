/** The part of the driver contract that is about subrequests to other functions and to the caches. */
import { expect, it } from "vitest";
import type { Subrequest, SubrequestResponse } from "../../runtime/driver.ts";
import type { RunFunction } from "./driver-run.ts";
import { brokenStream, streamOf, textOf } from "./driver-fixtures.ts";

const bound = { AUTH: { function: "auth", alias: "prod" }, LOG: { function: "log", version: "v3" } } as const;

const seen: Subrequest[] = [];

/** A host that remembers what it was asked and gives one answer. */
function record(answer: Partial<SubrequestResponse>): (request: Subrequest) => Promise<SubrequestResponse> {
  return (request) => {
    seen.push(request);
    const nothing = {
      statusText: "",
      headers: "",
      body: { kind: "empty" },
      url: request.url,
      redirected: false,
    } as const;
    return Promise.resolve({ status: 200, ...nothing, ...answer });
  };
}

/** Other functions, by binding. */
export function services(run: RunFunction): void {
  it("env holds the services beside the variables, and their fetch names the function they were published with", async () => {
    seen.length = 0;
    const { outcome } = await run(
      `{ async fetch(request, env) { const r = await env.AUTH.fetch("http://auth/check?a=1", { method: "POST", body: request.body, duplex: "half" }); return new Response([env.KEY, Object.keys(env), r.status, await r.text(), String(env.LOG)].join(" ")); } }`,
      {
        services: bound,
        environment: { KEY: "value" },
        invocation: { method: "POST", body: streamOf(["never read"]) },
        fetch: record({ status: 403, body: streamOf(["no", "pe"]) }),
      },
    );
    expect(await textOf(outcome)).toBe("value KEY,AUTH,LOG 403 nope [object ServiceBinding]");
    expect(seen).toMatchObject([
      {
        target: { kind: "service", name: "AUTH", service: bound.AUTH },
        method: "POST",
        url: "http://auth/check?a=1",
      },
    ]);
    expect(seen[0]?.body.kind).toBe("stream");
  });

  it("a stream made by the function reaches the service while it is written", async () => {
    let body = "";
    const { outcome } = await run(
      `{ async fetch(request, env) { let n = 0; const stream = new ReadableStream({ pull(c) { n += 1; if (n > 3) c.close(); else c.enqueue(new TextEncoder().encode(String(n))); } }); const r = await env.AUTH.fetch("http://auth/", { method: "PUT", body: stream, duplex: "half" }); return new Response(r.body); } }`,
      {
        services: bound,
        fetch: async (request) => {
          if (request.body.kind !== "stream") throw new Error("not a stream");
          for await (const chunk of request.body.chunks) body += Buffer.from(chunk).toString();
          return record({ body: streamOf([`got ${body}`]) })(request);
        },
      },
    );
    expect(await textOf(outcome)).toBe("got 123");
  });

  it("no binding can be made for another name, and none exists without services", async () => {
    const { outcome } = await run(
      `{ fetch(request, env) { const made = []; for (const make of [() => new env.AUTH.constructor("OTHER"), () => env.AUTH.fetch.call({}, "http://x/")]) try { made.push(String(make())); } catch (e) { made.push(e.name); } return new Response(made.join(" ")); } }`,
      { services: bound },
    );
    expect(await textOf(outcome)).toBe("TypeError [object Promise]");
    expect(
      await textOf((await run(`{ fetch(request, env) { return new Response(String(env.AUTH)); } }`)).outcome),
    ).toBe("undefined");
  });
}

/** The function's own caches. */
export function caches(run: RunFunction): void {
  it("cache operations are subrequests with a call, in a version's first use of caches and later", async () => {
    seen.length = 0;
    const { outcome } = await run(
      `{ async fetch() { const cache = await caches.open("v1"); await cache.put("http://x.y/a", new Response("kept", { headers: { "x-a": "1" } })); const hit = await caches.default.match("http://x.y/a"); return new Response(hit.status + " " + (await hit.text())); } }`,
      { fetch: record({ status: 203, body: streamOf(["bytes"]) }) },
    );
    expect(await textOf(outcome)).toBe("203 bytes");
    expect(
      seen.map(({ target }) => (target.kind === "cache" ? [target.call.operation, target.call.name] : [])),
    ).toEqual([
      ["open", "v1"],
      ["put", "v1"],
      ["match", ""],
    ]);
    expect(seen[1]).toMatchObject({
      url: "http://x.y/a",
      body: { kind: "text", text: "kept" },
      target: { call: { response: { status: 200, headers: expect.stringContaining("x-a:1\n") as string } } },
    });
  });

  it("services and caches count as subrequests", async () => {
    const { outcome } = await run(
      `{ async fetch(request, env) { await env.AUTH.fetch("http://a/"); await caches.default.match("http://a/"); try { await caches.default.match("http://a/"); } catch (e) { return new Response(e.name + ": " + e.message); } } }`,
      { services: bound, limits: { subrequestsMax: 2 }, fetch: record({}) },
    );
    expect(await textOf(outcome)).toBe("TypeError: Too many subrequests in one invocation");
  });

  it("caches cannot be used at the module's top level", async () => {
    const { outcome } = await run(
      `(globalThis.early = caches.default.match("http://x.y/").then(() => "worked", (e) => e.message), { async fetch() { return new Response(await globalThis.early); } })`,
      { fetch: record({}) },
    );
    expect(await textOf(outcome)).toMatch(/^Cannot use .*caches.* at the module's top level/);
  });

  it.each([
    ["a cache name", `caches.has("x".repeat(257))`, "The cache's name is longer than 256 characters"],
    ["a URL", `caches.default.match("http://x/" + "y".repeat(16384))`, "The URL has 16393 bytes, allowed 16384"],
    [
      "request headers",
      `caches.default.match(new Request("http://x/", { headers: { a: "x".repeat(65536) } }))`,
      "The headers have 65539 bytes, allowed 65536",
    ],
    [
      "response headers",
      `caches.default.put("http://x/", new Response("", { headers: { a: "x".repeat(65536) } }))`,
      /^The headers have \d+ bytes, allowed 65536$/,
    ],
    [
      "a URL for a service",
      `env.AUTH.fetch("http://x/" + "y".repeat(16384))`,
      "The URL has 16393 bytes, allowed 16384",
    ],
  ])("%s that is too long is refused", async (_name, use, message) => {
    const { outcome } = await run(
      `{ async fetch(request, env) { try { await ${use}; return new Response("done"); } catch (e) { return new Response(e.message); } } }`,
      { services: bound, fetch: record({}) },
    );
    expect(await textOf(outcome)).toMatch(message);
  });

  it("a cached body that breaks off rejects the read", async () => {
    const { outcome } = await run(
      `{ async fetch() { const hit = await caches.default.match("http://x.y/"); try { await hit.text(); } catch (e) { return new Response(e.name + ": " + e.message); } } }`,
      { fetch: record({ body: brokenStream() }) },
    );
    expect(await textOf(outcome)).toBe("TypeError: gone");
  });
}
