import { describe, expect, test } from "vitest";
import {
  createIncomingRequest,
  createIncomingResponse,
  describeRequest,
  describeResponse,
  isRequest,
  isResponse,
} from "../../../runtime/guest/message.ts";
import { createAbortSignal } from "../../../runtime/guest/web/events/abort-signal.ts";
import { Request } from "../../../runtime/guest/web/fetch/request.ts";
import { Response } from "../../../runtime/guest/web/fetch/response.ts";
import { ReadableStream } from "../../../runtime/guest/parts/streams/main.ts";
import { connectFakeHost, FakeHostBody } from "./fake-host-port.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

connectFakeHost();

const headers = "host:example.com\naccept:*/*\n";

function incomingRequest(body: FakeHostBody | null, method: string = body === null ? "GET" : "POST"): Request {
  return createIncomingRequest({
    method,
    url: "http://example.com/a",
    headers,
    body,
    signal: () => createAbortSignal().signal,
  });
}

function incomingResponse(body: FakeHostBody | null): Response {
  return createIncomingResponse({ status: 200, statusText: "OK", headers, body });
}

describe("an untouched message", () => {
  test("goes back as it came, its body unread", () => {
    const body = new FakeHostBody(["x"]);
    const described = describeRequest(incomingRequest(body));
    expect(described).toEqual({
      method: "POST",
      url: "http://example.com/a",
      headers,
      headersChanged: false,
      body: { kind: "host", body },
    });
    expect(body.reads).toBe(0);
  });

  test("also when headers and attributes were only looked at", () => {
    const response = incomingResponse(new FakeHostBody(["x"]));
    expect([response.status, response.headers.get("accept"), response.bodyUsed, response.type]).toEqual([
      200,
      "*/*",
      false,
      "basic",
    ]);
    expect(describeResponse(response)).toMatchObject({ headers, headersChanged: false, body: { kind: "host" } });
  });

  test("its signal is made only when asked for", () => {
    let made = 0;
    const request = createIncomingRequest({
      method: "GET",
      url: "http://example.com/",
      headers: "",
      body: null,
      signal: () => {
        made += 1;
        return createAbortSignal().signal;
      },
    });
    expect(made).toBe(0);
    expect(request.signal).toBe(request.signal);
    expect(made).toBe(1);
  });
});

describe("a body of the host that nobody read stays on the host", () => {
  const wrappings: readonly [string, (response: Response) => Response][] = [
    ["new Response(r.body, r)", (response) => new Response(response.body, response)],
    ["with other headers", (response) => new Response(response.body, { headers: { "x-a": "1" } })],
    ["wrapped twice", (response) => new Response(new Response(response.body, response).body, { status: 201 })],
    [
      "after .body was touched",
      (response) => {
        void response.body;
        return response;
      },
    ],
  ];
  test.each(wrappings)("%s", (_, wrap) => {
    const body = new FakeHostBody(["x"]);
    const wrapped = wrap(incomingResponse(body));
    expect(describeResponse(wrapped).body).toEqual({ kind: "host", body });
    expect(body.reads).toBe(0);
  });

  test("new Request(request, {headers}) keeps method, url and body", () => {
    const body = new FakeHostBody(["x"]);
    const original = incomingRequest(body);
    const request = new Request(original, { headers: { "x-a": "1" } });
    expect(describeRequest(request)).toMatchObject({
      method: "POST",
      url: "http://example.com/a",
      headers: "x-a:1\n",
      body: { kind: "host", body },
    });
    expect(original.bodyUsed).toBe(true);
  });

  test("new Request(url, request) takes the body of its init", () => {
    const body = new FakeHostBody(["x"]);
    const request = new Request("http://other.example/", incomingRequest(body));
    expect(describeRequest(request)).toMatchObject({
      url: "http://other.example/",
      method: "POST",
      body: { kind: "host", body },
    });
  });

  test("after it was handed out, the stream is locked and used", () => {
    const response = incomingResponse(new FakeHostBody(["x"]));
    const stream = response.body;
    describeResponse(response);
    expect(stream?.locked).toBe(true);
    expect(response.bodyUsed).toBe(true);
    expect(() => describeResponse(response)).toThrow(/body already used/);
  });
});

describe("what cannot be sent is refused with a TypeError", () => {
  test("a body that was read", async () => {
    const request = incomingRequest(new FakeHostBody(["x"]));
    expect(await request.text()).toBe("x");
    expect(() => describeRequest(request)).toThrow(/body already used/);
    expect(() => describeRequest(request)).toThrow(TypeError);
  });

  test("a body whose stream was read a little", async () => {
    const response = incomingResponse(new FakeHostBody(["x", "y"]));
    const reader = response.body?.getReader();
    await reader?.read();
    reader?.releaseLock();
    expect(() => describeResponse(response)).toThrow(/body already used/);
  });

  test("a body whose stream is locked", () => {
    const response = incomingResponse(new FakeHostBody(["x"]));
    response.body?.getReader();
    expect(() => describeResponse(response)).toThrow(TypeError);
  });

  test("Response.error()", () => {
    expect(() => describeResponse(Response.error())).toThrow(TypeError);
  });
});

describe("changes are described", () => {
  test("headers in place", () => {
    const request = incomingRequest(null);
    request.headers.set("x-a", "1");
    request.headers.delete("accept");
    expect(describeRequest(request)).toMatchObject({
      headers: "host:example.com\nx-a:1\n",
      headersChanged: true,
      body: { kind: "empty" },
    });
  });

  test("text stays text, bytes stay bytes, a stream of user code stays a stream", () => {
    const stream = new Response("x").body;
    const own = new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
    expect(describeResponse(new Response("hé")).body).toEqual({ kind: "text", text: "hé" });
    expect(describeResponse(new Response(new Uint8Array([1, 2]))).body).toEqual({
      kind: "bytes",
      bytes: new Uint8Array([1, 2]),
    });
    expect(describeResponse(new Response(stream)).body).toEqual({ kind: "text", text: "x" });
    expect(describeResponse(new Response(own)).body).toEqual({ kind: "stream", stream: own });
  });
});

describe("brands cannot be spoofed", () => {
  test("only objects of the real classes pass", () => {
    const fakes: unknown[] = [
      Object.create(Request.prototype),
      Object.create(Response.prototype),
      { [Symbol.toStringTag]: "Request", url: "http://x/" },
      new Proxy(new Response("x"), {}),
      new globalThis.Response("x"),
      null,
      undefined,
      "text",
    ];
    for (const fake of fakes) expect([isRequest(fake), isResponse(fake)]).toEqual([false, false]);
    class Own extends Response {}
    expect(isResponse(new Own("x"))).toBe(true);
    expect(isRequest(new Request("http://x/"))).toBe(true);
  });

  test("attributes overridden by user code change nothing that is sent", () => {
    const response = new Response("x", { headers: { a: "1" } });
    Object.defineProperty(response, "headers", { value: { get: () => "spoofed" } });
    Object.defineProperty(response, "status", { value: 999 });
    expect(describeResponse(response)).toMatchObject({
      status: 200,
      headers: expect.stringContaining("a:1\n") as string,
    });
  });
});
