import { describe, expect, test } from "vitest";
import { AbortController } from "../../../runtime/guest/web/events/abort-signal.ts";
import { Request } from "../../../runtime/guest/web/fetch/request.ts";
import { Response } from "../../../runtime/guest/web/fetch/response.ts";
import { ReadableStream } from "../../../runtime/guest/parts/streams/main.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

const text = { body: "x" };

describe("new Request()", () => {
  test.each([
    ["get", "GET"],
    ["Post", "POST"],
    ["patch", "patch"],
    ["PATCH", "PATCH"],
    ["custom", "custom"],
  ])("the method %s becomes %s, as in Node", (method, expected) => {
    expect(new Request("http://x/", { method }).method).toBe(expected);
    expect(new globalThis.Request("http://x/", { method }).method).toBe(expected);
  });

  test("the URL is normalised and has defaults around it", () => {
    const request = new Request("HTTP://Example.com:80/a/../b?q#f");
    expect(request.url).toBe("http://example.com/b?q#f");
    expect([request.method, request.redirect, request.body, request.bodyUsed]).toEqual(["GET", "follow", null, false]);
    expect(request.signal.aborted).toBe(false);
  });

  const stream = (): ReadableStream<Uint8Array> => ReadableStream.from([new Uint8Array(1)]);
  const refused: readonly [string, () => unknown][] = [
    ["no argument", () => new (Request as never as new () => Request)()],
    ["a relative URL", () => new Request("/a")],
    ["an invalid URL", () => new Request("http://a b/")],
    ["credentials in the URL", () => new Request("http://u:p@x/")],
    ["a forbidden method", () => new Request("http://x/", { method: "connect" })],
    ["TRACE", () => new Request("http://x/", { method: "TRACE" })],
    ["an invalid method", () => new Request("http://x/", { method: "A B" })],
    ["a body on GET", () => new Request("http://x/", { ...text })],
    ["a body on HEAD", () => new Request("http://x/", { ...text, method: "HEAD" })],
    ["a stream without duplex", () => new Request("http://x/", { method: "POST", body: stream() })],
    ["an unknown redirect mode", () => new Request("http://x/", { redirect: "odd" as never })],
    ["mode navigate", () => new Request("http://x/", { mode: "navigate" })],
    ["an unknown cache mode", () => new Request("http://x/", { cache: "odd" })],
    ["only-if-cached", () => new Request("http://x/", { cache: "only-if-cached" })],
    ["cf", () => new Request("http://x/", { cf: {} } as never)],
    ["an unknown priority", () => new Request("http://x/", { priority: "odd" })],
    ["a relative referrer", () => new Request("http://x/", { referrer: "/a" })],
    ["no-cors with a method of its own", () => new Request("http://x/", { mode: "no-cors", method: "PUT" })],
    ["a window", () => new Request("http://x/", { window: {} as never })],
    ["a signal that is none", () => new Request("http://x/", { signal: {} as never })],
    ["options that are a string", () => new Request("http://x/", "x" as never)],
  ];
  test.each(refused)("refuses %s with a TypeError", (_, make) => {
    expect(make).toThrow(TypeError);
  });

  test.each(["cf", "next", "cacheOverride", "backend", "dispatcher"])("says what to use in place of %s", (name) => {
    expect(() => new Request("http://x/", { [name]: {} })).toThrow(
      new RegExp(`the option ${name} does not exist here: (set|the URL|connections)`),
    );
  });

  test("keeps as attributes what has no effect here", () => {
    const labels = {
      cache: "no-store",
      credentials: "omit",
      mode: "same-origin",
      integrity: "sha256-x",
      keepalive: true,
    };
    const request = new Request("http://x/", {
      ...labels,
      referrer: "http://y",
      referrerPolicy: "origin",
      priority: "low",
    });
    expect(new Request(request)).toMatchObject({ ...labels, referrer: "http://y/", referrerPolicy: "origin" });
    expect(new Request("http://x/", { referrer: "" }).referrer).toBe("");
    expect(new Request("http://x/").referrer).toBe("about:client");
  });

  test("a body of null in a copy is as if none were given", async () => {
    const first = new Request("http://x/", { method: "POST", body: "abc" });
    expect(await new Request(first, { body: null }).text()).toBe("abc");
  });

  test("readers reject, never throw, for what is no Request", async () => {
    for (const name of ["text", "json"] as const) {
      const read: unknown = Reflect.get(Request.prototype, name);
      if (typeof read !== "function") throw new Error("expected a method");
      for (const other of [{}, undefined]) await expect(Reflect.apply(read, other, [])).rejects.toThrow(TypeError);
    }
  });

  test("follows the signal of its init and of the request it copies", () => {
    const controller = new AbortController();
    const request = new Request("http://x/", { signal: controller.signal });
    const copy = new Request(request);
    const clone = request.clone();
    const free = new Request(request, { signal: null });
    const signals = [request, copy, clone, free].map((it) => it.signal);
    controller.abort("why");
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true, true, false]);
    expect(copy.signal.reason).toBe("why");
  });

  test("a copy takes the body unless it gives its own", async () => {
    const first = new Request("http://x/", { method: "POST", body: "abc", headers: { a: "1" } });
    const own = new Request(first, { ...text });
    expect([first.bodyUsed, await own.text()]).toEqual([false, "x"]);
    const copy = new Request(first);
    expect([first.bodyUsed, await copy.text(), copy.headers.get("a")]).toEqual([true, "abc", "1"]);
    expect(() => new Request(first)).toThrow(TypeError);
  });

  test("a copy moves a stream of user code too", async () => {
    const first = new Request("http://x/", { method: "POST", body: stream(), duplex: "half" });
    const copy = new Request(first);
    expect([first.bodyUsed || first.body?.locked, (await copy.bytes()).length]).toEqual([true, 1]);
  });

  test("headers of a copy are its own", () => {
    const first = new Request("http://x/", { headers: { a: "1" } });
    const copy = new Request(first);
    copy.headers.set("a", "2");
    expect(first.headers.get("a")).toBe("1");
  });
});

describe("new Response()", () => {
  test("has the standard's defaults", () => {
    const response = new Response();
    expect([response.status, response.statusText, response.ok, response.type, response.url]).toEqual([
      200,
      "",
      true,
      "default",
      "",
    ]);
    expect([response.body, response.redirected, [...response.headers]]).toEqual([null, false, []]);
  });

  test.each([199, 600, 0, 1000])("the status %i is a RangeError", (status) => {
    expect(() => new Response(null, { status })).toThrow(RangeError);
  });

  test.each([204, 205, 304])("the status %i has no body", (status) => {
    expect(new Response(null, { status }).status).toBe(status);
    expect(() => new Response("", { status })).toThrow(TypeError);
    expect(() => Response.json({}, { status })).toThrow(TypeError);
  });

  test.each(["a\nb", "€", "\0"])("the status text %j is a TypeError", (statusText) => {
    expect(() => new Response(null, { statusText })).toThrow(TypeError);
  });

  test("Response.json has its content-type unless one is given", async () => {
    const response = Response.json({ a: [1] }, { status: 201 });
    expect([response.status, response.headers.get("content-type")]).toEqual([201, "application/json"]);
    expect(await response.json()).toEqual({ a: [1] });
    expect(Response.json(1, { headers: { "content-type": "a/b" } }).headers.get("content-type")).toBe("a/b");
    expect(() => Response.json(undefined)).toThrow(TypeError);
    expect(() => Response.json(Symbol("x"))).toThrow(TypeError);
  });

  test("Response.redirect checks URL and status", () => {
    const response = Response.redirect("http://x.y/a b", 308);
    expect([response.status, response.headers.get("location")]).toEqual([308, "http://x.y/a%20b"]);
    expect(() => response.headers.set("a", "b")).toThrow(TypeError);
    expect(Response.redirect("http://x.y/").status).toBe(302);
    expect(() => Response.redirect("/a")).toThrow(TypeError);
    expect(() => Response.redirect("http://x/", 200)).toThrow(RangeError);
  });

  test("Response.error is a network error", () => {
    const response = Response.error();
    expect([response.type, response.status, response.ok]).toEqual(["error", 0, false]);
  });

  test("a clone keeps status and headers of its own", () => {
    const response = new Response("x", { status: 418, statusText: "teapot", headers: { a: "1" } });
    const clone = response.clone();
    clone.headers.set("a", "2");
    expect([clone.status, clone.statusText, response.headers.get("a")]).toEqual([418, "teapot", "1"]);
  });
});
