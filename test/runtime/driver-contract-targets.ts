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

  it("a name that is too long and a cached body that breaks off are refused or fail", async () => {
    const { outcome } = await run(
      `{ async fetch() { const told = []; for (const use of [() => caches.has("x".repeat(257)), async () => { const hit = await caches.default.match("http://x.y/"); await hit.text(); }]) try { await use(); } catch (e) { told.push(e.name + ": " + e.message); } return new Response(told.join("; ")); } }`,
      { fetch: record({ body: brokenStream() }) },
    );
    expect(await textOf(outcome)).toBe("TypeError: The cache's name is longer than 256 characters; TypeError: gone");
  });
}
