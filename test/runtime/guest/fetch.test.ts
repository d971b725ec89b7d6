import { beforeEach, describe, expect, test } from "vitest";
import type { IncomingResponse, OutgoingRequest } from "../../../runtime/guest/host-port.ts";
import { AbortController } from "../../../runtime/guest/web/events/abort-signal.ts";
import { fetch } from "../../../runtime/guest/web/fetch/fetch.ts";
import { Request } from "../../../runtime/guest/web/fetch/request.ts";
import { connectFakeHost, FakeHostBody, type FakeHostPort } from "./fake-host-port.ts";

let port: FakeHostPort;
let sent: OutgoingRequest[];

beforeEach(() => {
  port = connectFakeHost();
  sent = [];
});

function answer(parts: Partial<IncomingResponse> = {}): void {
  port.onFetch = (request) => {
    sent.push(request);
    return Promise.resolve({
      status: 200,
      statusText: "OK",
      headers: "x-a:1\n",
      body: null,
      url: request.url,
      redirected: false,
      socket: null,
      ...parts,
    });
  };
}

describe("fetch", () => {
  test("sends the request flat and gives the response back", async () => {
    answer({ body: new FakeHostBody(["hé"]), url: "http://x.y/final#f", redirected: true });
    const response = await fetch("http://x.y/a", {
      method: "post",
      headers: { "X-B": "2" },
      body: "text",
      redirect: "manual",
    });
    expect(sent).toEqual([
      {
        target: { kind: "network" },
        method: "POST",
        url: "http://x.y/a",
        headers: "x-b:2\ncontent-type:text/plain;charset=UTF-8\n",
        body: { kind: "text", text: "text" },
        redirect: "manual",
      },
    ]);
    expect([response.status, response.url, response.redirected, response.type]).toEqual([
      200,
      "http://x.y/final",
      true,
      "basic",
    ]);
    expect(response.headers.get("x-a")).toBe("1");
    expect(() => response.headers.set("x-a", "2")).toThrow(TypeError);
    expect(await response.text()).toBe("hé");
  });

  test("a Request given alone is used up", async () => {
    answer();
    const request = new Request("http://x.y/", { method: "PUT", body: "x" });
    await fetch(request);
    expect(request.bodyUsed).toBe(true);
    await expect(fetch(request)).rejects.toThrow(/body already used/);
  });

  test("a null-body status and HEAD drop what the host has", async () => {
    for (const [method, status] of [
      ["GET", 204],
      ["GET", 304],
      ["HEAD", 200],
    ] as const) {
      const body = new FakeHostBody(["x"]);
      answer({ status, body });
      expect((await fetch("http://x.y/", { method })).body).toBeNull();
      expect(body.cancelled).toBe(true);
    }
  });

  test.each(["ftp://x/", "file:///etc/passwd", "data:,x", "blob:x", "/relative"])("%s is a rejection", async (url) => {
    answer();
    await expect(fetch(url)).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  test("redirect: error rejects a redirect", async () => {
    const body = new FakeHostBody(["x"]);
    answer({ status: 302, body });
    await expect(fetch("http://x.y/", { redirect: "error" })).rejects.toThrow(TypeError);
    expect(body.cancelled).toBe(true);
  });

  test("the host's refusal rejects", async () => {
    port.onFetch = () => Promise.reject(new TypeError("refused"));
    await expect(fetch("http://x.y/")).rejects.toThrow("refused");
  });
});

describe("aborting", () => {
  test("before the start rejects with the reason and sends nothing", async () => {
    answer();
    const controller = new AbortController();
    controller.abort();
    await expect(fetch("http://x.y/", { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
    expect(sent).toEqual([]);
  });

  test("while waiting rejects at once, whatever the host does", async () => {
    let seen = false;
    port.onFetch = (_, signal) => {
      signal?.addEventListener("abort", () => {
        seen = true;
      });
      return Promise.withResolvers<IncomingResponse>().promise;
    };
    const controller = new AbortController();
    const pending = fetch("http://x.y/", { signal: controller.signal });
    controller.abort("why");
    await expect(pending).rejects.toBe("why");
    expect(seen).toBe(true);
  });

  test("while reading the body errors it and cancels the host's", async () => {
    const body = new FakeHostBody(["a", "b"]);
    answer({ body });
    const controller = new AbortController();
    const response = await fetch("http://x.y/", { signal: controller.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    controller.abort("why");
    await expect(reader?.read()).rejects.toBe("why");
    expect(body.cancelled).toBe(true);
  });

  test("after the end changes nothing", async () => {
    const body = new FakeHostBody(["a"]);
    answer({ body });
    const controller = new AbortController();
    const response = await fetch("http://x.y/", { signal: controller.signal });
    expect(await response.text()).toBe("a");
    controller.abort();
    expect(body.cancelled).toBe(false);
  });
});
