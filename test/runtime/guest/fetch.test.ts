import { beforeEach, describe, expect, test } from "vitest";
import type { IncomingResponse, OutgoingRequest } from "../../../runtime/guest/host-port.ts";
import { describeResponse } from "../../../runtime/guest/message.ts";
import { Blob } from "../../../runtime/guest/web/body/blob.ts";
import { AbortController, AbortSignal } from "../../../runtime/guest/web/events/abort-signal.ts";
import { fetch } from "../../../runtime/guest/web/fetch/fetch.ts";
import { Request } from "../../../runtime/guest/web/fetch/request.ts";
import { ReadableStream } from "../../../runtime/guest/parts/streams/main.ts";
import { URL } from "../../../runtime/guest/web/url/url.ts";
import { connectFakeHost, FakeHostBody, type FakeHostPort } from "./fake-host-port.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

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
        keepalive: false,
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

  test.each(["ftp://x/", "file:///etc/passwd", "data:x", "about:blank", "blob:x", "/relative"])(
    "%s is a rejection",
    async (url) => {
      answer();
      await expect(fetch(url)).rejects.toThrow(TypeError);
      expect(sent).toEqual([]);
    },
  );

  test("redirect: error rejects a redirect", async () => {
    const body = new FakeHostBody(["x"]);
    answer({ status: 302, body });
    await expect(fetch("http://x.y/", { redirect: "error" })).rejects.toThrow(TypeError);
    expect(body.cancelled).toBe(true);
  });

  test("the fragment stays here, and keepalive goes out", async () => {
    answer();
    await fetch("http://x.y/a#b", { keepalive: true });
    expect(sent[0]).toMatchObject({ url: "http://x.y/a", keepalive: true });
  });

  test("an empty body of the network is a body, as in browsers", async () => {
    answer();
    const response = await fetch("http://x.y/");
    expect([response.body === null, await response.text(), response.bodyUsed]).toEqual([false, "", true]);
  });

  test("manual gives a redirect that can be followed, and hides one that leads nowhere", async () => {
    answer({ status: 302, headers: "location:/next\n" });
    const shown = await fetch("http://x.y/", { redirect: "manual" });
    expect([shown.type, shown.status, shown.headers.get("location")]).toEqual(["basic", 302, "/next"]);
    for (const location of ["", "http://"]) {
      answer({ status: 302, headers: `location:${location}\n` });
      const hidden = await fetch("http://x.y/", { redirect: "manual" });
      expect([hidden.type, hidden.status, [...hidden.headers]]).toEqual(["opaqueredirect", 0, []]);
      expect(describeResponse(hidden)).toMatchObject({ status: 302, headers: `location:${location}\n` });
    }
  });

  test("integrity is refused, because nothing would check it", async () => {
    answer();
    await expect(fetch("http://x.y/", { integrity: "sha256-x" })).rejects.toThrow(/crypto\.subtle\.digest/);
    expect(sent).toEqual([]);
  });

  test("the host's refusal rejects", async () => {
    port.onFetch = () => Promise.reject(new TypeError("refused"));
    await expect(fetch("http://x.y/")).rejects.toThrow("refused");
  });
});

describe("fetch of a data: URL", () => {
  test.each([
    ["data:,a%20b#c", "text/plain;charset=US-ASCII", "a b"],
    ["data:text/HTML;charset=utf-8,%C3%A9", "text/html;charset=utf-8", "é"],
    ["data:;charset=x,y", "text/plain;charset=x", "y"],
    ["data:a/b; base64 ,eA==", "a/b", "x"],
    ["data:odd;base64,eA", "text/plain;charset=US-ASCII", "x"],
  ])("%s", async (url, type, text) => {
    const response = await fetch(url);
    expect([response.status, response.statusText, response.headers.get("content-type")]).toEqual([200, "OK", type]);
    expect(await response.text()).toBe(text);
  });

  test("HEAD has no body, and bytes that are not base64 are refused", async () => {
    expect((await fetch("data:,x", { method: "HEAD" })).body).toBeNull();
    await expect(fetch("data:;base64,*")).rejects.toThrow(TypeError);
  });
});

describe("fetch of a blob: URL", () => {
  test("gives the blob until it is revoked, and only for GET", async () => {
    const url = URL.createObjectURL(new Blob(["abc"], { type: "text/x" }));
    expect(url).toMatch(/^blob:null\/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/);
    const response = await fetch(`${url}#f`);
    expect([response.headers.get("content-length"), response.headers.get("content-type")]).toEqual(["3", "text/x"]);
    expect([response.url, await response.text()]).toEqual([url, "abc"]);
    await expect(fetch(url, { method: "POST" })).rejects.toThrow(TypeError);
    URL.revokeObjectURL(url);
    await expect(fetch(url)).rejects.toThrow(TypeError);
  });

  test.each([
    ["bytes=1-2", 206, "bytes 1-2/5", "bc"],
    ["bytes=3-", 206, "bytes 3-4/5", "de"],
    ["bytes=-2", 206, "bytes 3-4/5", "de"],
    ["bytes=1-99", 206, "bytes 1-4/5", "bcde"],
  ])("the range %s", async (range, status, contentRange, text) => {
    const url = URL.createObjectURL(new Blob(["abcde"]));
    const response = await fetch(url, { headers: { range } });
    expect([response.status, response.headers.get("content-range"), await response.text()]).toEqual([
      status,
      contentRange,
      text,
    ]);
  });

  test.each(["bytes=9-", "bytes=3-1", "bytes=-", "lines=1-2"])("the range %s is refused", async (range) => {
    const url = URL.createObjectURL(new Blob(["abcde"]));
    await expect(fetch(url, { headers: { range } })).rejects.toThrow(TypeError);
  });

  test("is for blobs only, and their number is bounded", () => {
    expect(() => URL.createObjectURL({} as never)).toThrow(TypeError);
    const urls: string[] = [];
    expect(() => {
      for (let i = 0; i <= 1_000; i++) urls.push(URL.createObjectURL(new Blob()));
    }).toThrow(/revoke/);
    for (const url of urls) URL.revokeObjectURL(url);
  });
});

describe("aborting", () => {
  test("before the start uses the body up and cancels its stream at once with the reason", async () => {
    answer();
    const signal = AbortSignal.abort("why");
    const request = new Request("http://x.y/", { method: "POST", body: "x", signal });
    await expect(fetch(request)).rejects.toBe("why");
    expect(request.bodyUsed).toBe(true);
    let cancelled: unknown;
    const body = new ReadableStream<Uint8Array>({ cancel: (reason) => void (cancelled = reason) });
    const pending = fetch("http://x.y/", { method: "POST", body, duplex: "half", signal });
    expect(cancelled).toBe("why");
    await expect(pending).rejects.toBe("why");
  });

  test("after the head makes every reader reject at once with the reason, also a second one", async () => {
    answer({ body: new FakeHostBody(["a"]) });
    const controller = new AbortController();
    const response = await fetch("http://x.y/", { signal: controller.signal });
    controller.abort("why");
    for (const read of ["text", "json", "bytes", "arrayBuffer", "blob", "formData"] as const) {
      const log: string[] = [];
      await Promise.all([
        response[read]().catch(() => log.push("reader")),
        Promise.resolve().then(() => log.push("next")),
      ]);
      expect([read, ...log]).toEqual([read, "reader", "next"]);
      await expect(response[read]()).rejects.toBe("why");
    }
  });

  test("errors a stream that nobody reads from", async () => {
    answer({ body: new FakeHostBody(["a"]) });
    const controller = new AbortController();
    const response = await fetch("http://x.y/", { signal: controller.signal });
    const reader = response.body?.getReader();
    controller.abort("why");
    await expect(reader?.closed).rejects.toBe("why");
  });

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
