/** `caches` asks the host exactly what the Service Worker standard leaves open, and refuses the rest with the standard's exceptions. */
import { beforeEach, describe, expect, test } from "vitest";
import { cacheAnswer } from "../../../../runtime/cache-call.ts";
import type { IncomingResponse, OutgoingRequest } from "../../../../runtime/guest/host-port.ts";
import { Cache } from "../../../../runtime/guest/parts/caches/cache.ts";
import { CacheStorage } from "../../../../runtime/guest/parts/caches/cache-storage.ts";
import { caches } from "../../../../runtime/guest/parts/caches/main.ts";
import { DOMException } from "../../../../runtime/guest/web/core/dom-exception.ts";
import { Request } from "../../../../runtime/guest/web/fetch/request.ts";
import { Response } from "../../../../runtime/guest/web/fetch/response.ts";
import { connectFakeHost, FakeHostBody, type FakeHostPort } from "../fake-host-port.ts";
import { provideParts } from "../provide-parts.ts";

provideParts();

let port: FakeHostPort;
let asked: OutgoingRequest[];

beforeEach(() => {
  port = connectFakeHost();
  asked = [];
  answer({ status: cacheAnswer.done });
});

function answer(parts: Partial<IncomingResponse>): void {
  port.onFetch = (request) => {
    asked.push(request);
    const nothing = { statusText: "", headers: "", body: null, url: "", redirected: false, socket: null };
    return Promise.resolve({ status: 200, ...nothing, ...parts });
  };
}

/** What the host was asked, without the parts that say nothing. */
function calls(): unknown[] {
  return asked.map(({ target }) => (target.kind === "cache" ? target.call : target));
}

const URL_A = "https://x.y/a?q=1";

describe("Cache.put()", () => {
  test("sends URL, request headers and the whole response, and takes its body", async () => {
    const response = new Response("text", { status: 201, statusText: "Made", headers: { "x-a": "1" } });
    await caches.default.put(new Request(`${URL_A}#part`, { headers: { "x-b": "2" } }), response);
    expect(asked).toMatchObject([
      { method: "GET", url: URL_A, headers: "x-b:2\n", body: { kind: "text", text: "text" }, redirect: "manual" },
    ]);
    const headers = "x-a:1\ncontent-type:text/plain;charset=UTF-8\n";
    expect(calls()).toMatchObject([
      {
        operation: "put",
        scope: "default",
        name: "",
        response: { status: 201, statusText: "Made", headers, url: "", redirected: false },
      },
    ]);
    expect(response.bodyUsed).toBe(true);
  });

  test.each<[string, unknown, unknown]>([
    ["a method other than GET", new Request(URL_A, { method: "POST" }), new Response("")],
    ["HEAD", new Request(URL_A, { method: "HEAD" }), new Response("")],
    ["a URL that is not http", new Request("data:text/plain,x"), new Response("")],
    ["an invalid URL", "not a url", new Response("")],
    ["a partial response", URL_A, new Response("", { status: 206 })],
    ["Vary: *", URL_A, new Response("", { headers: { vary: "accept, *" } })],
    ["something that is not a Response", URL_A, "text"],
    ["null", URL_A, null],
  ])("refuses %s with a TypeError and asks the host nothing", async (_name, request, response) => {
    await expect(caches.default.put(request as string, response as Response)).rejects.toThrow(TypeError);
    expect(asked).toEqual([]);
  });

  test("refuses a body that was used or is locked with a TypeError", async () => {
    const used = new Response("x");
    await used.text();
    await expect(caches.default.put(URL_A, used)).rejects.toThrow(TypeError);
    const locked = new Response("x");
    locked.body?.getReader();
    await expect(caches.default.put(URL_A, locked)).rejects.toThrow(TypeError);
    await expect(caches.default.put(...([URL_A] as unknown as Parameters<Cache["put"]>))).rejects.toThrow(TypeError);
  });

  test("a bound of the host is a QuotaExceededError", async () => {
    answer({ status: cacheAnswer.full, statusText: "too large" });
    const error: unknown = await caches.default.put(URL_A, new Response("x")).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: "QuotaExceededError", message: "Cannot use the cache: too large" });
  });
});

describe("Cache.match()", () => {
  test("gives the stored response with immutable headers", async () => {
    answer({ status: 203, statusText: "Kept", headers: "x-a:1\n", body: new FakeHostBody(["bo", "dy"]), url: URL_A });
    const response = await caches.default.match(URL_A);
    expect([response?.status, response?.statusText, response?.url, response?.type]).toEqual([
      203,
      "Kept",
      URL_A,
      "basic",
    ]);
    expect(() => response?.headers.set("x-a", "2")).toThrow(TypeError);
    expect(await response?.text()).toBe("body");
  });

  test("is undefined without a hit, also when a stored response has the host's word for a bound as its status", async () => {
    answer({ status: cacheAnswer.nothing });
    expect(await caches.default.match(URL_A)).toBeUndefined();
    answer({ status: cacheAnswer.full });
    expect((await caches.default.match(URL_A))?.status).toBe(413);
  });

  test("gives a network error back that was stored", async () => {
    await caches.default.put(URL_A, Response.error());
    answer({ status: 0 });
    expect(await caches.default.match(URL_A)).toMatchObject({ type: "error", status: 0 });
  });

  test("options reach the host; a method other than GET matches with ignoreMethod only", async () => {
    const head = new Request(URL_A, { method: "HEAD" });
    expect(await caches.default.match(head)).toBeUndefined();
    expect(await caches.default.match("blob:x")).toBeUndefined();
    expect(asked).toEqual([]);
    await caches.default.match(head, { ignoreMethod: true, ignoreSearch: true, ignoreVary: true });
    expect(calls()).toMatchObject([
      { operation: "match", asksForRequest: true, ignoreSearch: true, ignoreVary: true, response: null },
    ]);
  });

  test("needs a request", async () => {
    const nothing = [] as unknown as [request: string];
    await expect(caches.default.match(...nothing)).rejects.toThrow(TypeError);
    await expect(caches.match(...nothing)).rejects.toThrow(TypeError);
    await expect(caches.default.match(URL_A, 1 as never)).rejects.toThrow(TypeError);
  });
});

describe("lists", () => {
  test("matchAll() cuts the host's one body into the responses", async () => {
    const heads = [
      { status: 200, statusText: "", headers: "x-n:1\n", url: "", redirected: false, bodyBytes: 2 },
      { status: 404, statusText: "", headers: "", url: URL_A, redirected: true, bodyBytes: 0 },
      { status: 200, statusText: "", headers: "", url: "", redirected: false, bodyBytes: 3 },
    ];
    const list = Buffer.from(JSON.stringify(heads));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(list.byteLength);
    answer({ body: new FakeHostBody([Buffer.concat([length, list, Buffer.from("onetwo".slice(0, 5))])]) });
    const responses = await caches.default.matchAll();
    expect(Object.isFrozen(responses)).toBe(true);
    expect(await Promise.all(responses.map((response) => response.text()))).toEqual(["on", "", "etw"]);
    expect(responses.map(({ status, redirected }) => [status, redirected])).toEqual([
      [200, false],
      [404, true],
      [200, false],
    ]);
    expect(calls()).toMatchObject([{ operation: "matchAll", asksForRequest: false }]);
  });

  test("keys() gives requests as they were stored", async () => {
    answer({ body: new FakeHostBody([JSON.stringify([[URL_A, "x-a:1\n"]])]) });
    const [request] = await caches.default.keys();
    expect([request?.url, request?.method, request?.headers.get("x-a")]).toEqual([URL_A, "GET", "1"]);
    expect(await caches.default.keys(new Request(URL_A, { method: "PUT" }))).toEqual([]);
  });

  test("delete() tells whether something was there", async () => {
    expect(await caches.default.delete(URL_A)).toBe(true);
    answer({ status: cacheAnswer.none });
    expect(await caches.default.delete(URL_A)).toBe(false);
  });
});

describe("Cache.add() and addAll()", () => {
  function network(statusOf: (url: string) => Partial<IncomingResponse>): void {
    port.onFetch = (request) => {
      asked.push(request);
      const { url } = request;
      const base = { status: 200, statusText: "", headers: "", body: null, url, redirected: false, socket: null };
      return Promise.resolve(request.target.kind === "network" ? { ...base, ...statusOf(url) } : base);
    };
  }
  const stored = (): string[] => asked.filter(({ target }) => target.kind === "cache").map(({ url }) => url);

  test("store what the network answers", async () => {
    network(() => ({ body: new FakeHostBody(["x"]) }));
    await caches.default.add(URL_A);
    await caches.default.addAll(["https://x.y/1", new Request("https://x.y/2")]);
    expect(stored()).toEqual([URL_A, "https://x.y/1", "https://x.y/2"]);
  });

  test.each([404, 500, 206])("a status of %d for one request stores none of them, with a TypeError", async (status) => {
    const bodies: FakeHostBody[] = [];
    network((url) => {
      const body = new FakeHostBody(["x"]);
      bodies.push(body);
      return { body, ...(url.endsWith("bad") ? { status } : {}) };
    });
    await expect(caches.default.addAll(["https://x.y/1", "https://x.y/bad"])).rejects.toThrow(TypeError);
    expect(stored()).toEqual([]);
    expect(bodies.map(({ cancelled }) => cancelled)).toEqual([true, true]);
  });

  test("one request twice is an InvalidStateError, unless what it varies with differs", async () => {
    network(() => ({ headers: "vary:x-a\n" }));
    const request = (value: string): Request => new Request(URL_A, { headers: { "x-a": value } });
    const error: unknown = await caches.default.addAll([URL_A, `${URL_A}#b`]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "InvalidStateError" });
    await caches.default.addAll([request("1"), request("2")]);
    expect(stored()).toEqual([URL_A, URL_A]);
  });

  test.each([[[URL_A, undefined]], [null], ["text"], [[new Request(URL_A, { method: "POST" })]]])(
    "addAll(%j) of anything else than requests is a TypeError",
    async (requests) => {
      network(() => ({}));
      await expect(caches.default.addAll(requests as string[])).rejects.toThrow(TypeError);
      expect(stored()).toEqual([]);
    },
  );

  test("addAll() of nothing stores nothing", async () => {
    await caches.default.addAll([]);
    expect(asked).toEqual([]);
  });
});

describe("CacheStorage", () => {
  test("opens, finds, lists and deletes caches by name", async () => {
    const cache = await caches.open("v1");
    await cache.match(URL_A);
    await caches.has("v1");
    await caches.delete("v1");
    answer({ body: new FakeHostBody([JSON.stringify(["v1", "\ud800"])]) });
    expect(await caches.keys()).toEqual(["v1", "\ud800"]);
    expect(cache).toBeInstanceOf(Cache);
    expect(calls()).toMatchObject([
      { operation: "open", scope: "named", name: "v1" },
      { operation: "match", scope: "named", name: "v1" },
      { operation: "has", name: "v1" },
      { operation: "drop", name: "v1" },
      { operation: "names" },
    ]);
  });

  test("match() asks all named caches, or the one that is named", async () => {
    answer({ status: cacheAnswer.nothing });
    await caches.match(URL_A);
    await caches.match(URL_A, { cacheName: "v1" });
    expect(calls()).toMatchObject([
      { scope: "any", name: "" },
      { scope: "named", name: "v1" },
    ]);
  });

  test("neither interface can be constructed", () => {
    expect(() => Reflect.construct(Cache, [{ scope: "default", name: "" }])).toThrow(TypeError);
    expect(() => Reflect.construct(CacheStorage, [])).toThrow(TypeError);
  });
});
