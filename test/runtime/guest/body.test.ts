import { describe, expect, test } from "vitest";
import { createIncomingResponse } from "../../../runtime/guest/message.ts";
import { Blob, File } from "../../../runtime/guest/web/body/blob.ts";
import { FormData } from "../../../runtime/guest/parts/form/main.ts";
import { Request } from "../../../runtime/guest/web/fetch/request.ts";
import { Response } from "../../../runtime/guest/web/fetch/response.ts";
import { ReadableStream } from "../../../runtime/guest/parts/streams/main.ts";
import { URLSearchParams } from "../../../runtime/guest/web/url/url-search-params.ts";
import { collect } from "./collect.ts";
import { connectFakeHost, FakeHostBody } from "./fake-host-port.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

const host = connectFakeHost();

function hosted(body: FakeHostBody, headers: string = ""): Response {
  return createIncomingResponse({ status: 200, statusText: "", headers, body });
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

function nonNull<T>(value: T | null): T {
  if (value === null) throw new Error("expected a value");
  return value;
}

describe("reading a body of the host", () => {
  test("text, json, bytes, arrayBuffer and blob read it without a stream", async () => {
    expect(await hosted(new FakeHostBody(["\ufeffh", "é", ""])).text()).toBe("hé");
    expect(await hosted(new FakeHostBody(['{"a":', "1}"])).json()).toEqual({ a: 1 });
    expect(await hosted(new FakeHostBody(["ab", "c"])).bytes()).toEqual(bytes("abc"));
    expect(new Uint8Array(await hosted(new FakeHostBody(["ab"])).arrayBuffer())).toEqual(bytes("ab"));
    const blob = await hosted(new FakeHostBody(["ab"]), "content-type:Text/Plain; Charset=UTF-8\n").blob();
    expect([blob.type, await blob.text()]).toEqual(["text/plain;charset=utf-8", "ab"]);
  });

  test("a body that breaks off rejects", async () => {
    await expect(hosted(new FakeHostBody(["a", new TypeError("broke off")])).text()).rejects.toThrow("broke off");
  });

  test("json of nonsense is a SyntaxError", async () => {
    await expect(hosted(new FakeHostBody(["{"])).json()).rejects.toThrow(SyntaxError);
  });

  test("the second read is a TypeError, and .body is locked", async () => {
    const response = hosted(new FakeHostBody(["a"]));
    await response.text();
    expect(response.bodyUsed).toBe(true);
    await expect(response.text()).rejects.toThrow(TypeError);
    expect(() => response.clone()).toThrow(TypeError);
    expect(response.body?.locked).toBe(true);
  });

  test("a body at the memory limit is read, one beyond is refused and cancelled", async () => {
    const max = host.bufferedBodyBytesMax;
    expect((await hosted(new FakeHostBody([new Uint8Array(max)])).bytes()).length).toBe(max);
    const unknownLength = new FakeHostBody([new Uint8Array(max), new Uint8Array(1)]);
    await expect(hosted(unknownLength).bytes()).rejects.toThrow(/larger than/);
    expect(unknownLength.cancelled).toBe(true);
    const knownLength = new FakeHostBody(["x"], max + 1);
    await expect(hosted(knownLength).text()).rejects.toThrow(TypeError);
    expect(knownLength.reads).toBe(0);
  });
});

describe("the stream over a body of the host", () => {
  test("reads nothing before the first pull, and one chunk ahead from then on", async () => {
    const body = new FakeHostBody(["a", "", "b", "c"]);
    const reader = hosted(body).body?.getReader();
    await Promise.resolve();
    expect(body.reads).toBe(0);
    expect((await reader?.read())?.value).toEqual(bytes("a"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(body.reads).toBe(3);
    expect((await reader?.read())?.value).toEqual(bytes("b"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(body.reads).toBe(4);
    expect((await reader?.read())?.value).toEqual(bytes("c"));
    expect((await reader?.read())?.done).toBe(true);
    expect(body.reads).toBe(5);
  });

  test("tells of the end and of a failure before it is asked", async () => {
    const ended = hosted(new FakeHostBody(["a"])).body?.getReader();
    await ended?.read();
    expect(await ended?.closed).toBeUndefined();
    const failed = hosted(new FakeHostBody(["a", new TypeError("broke off")])).body?.getReader();
    await failed?.read();
    await expect(failed?.closed).rejects.toThrow("broke off");
  });

  test("is a byte stream", async () => {
    const reader = hosted(new FakeHostBody(["abc"])).body?.getReader({ mode: "byob" });
    const step = await reader?.read(new Uint8Array(2));
    expect(step?.value).toEqual(bytes("ab"));
    expect((await reader?.read(new Uint8Array(2)))?.value).toEqual(bytes("c"));
    expect((await reader?.read(new Uint8Array(2)))?.done).toBe(true);
  });

  test("cancelling it cancels the body", async () => {
    const body = new FakeHostBody(["a"]);
    await hosted(body).body?.cancel();
    expect(body.cancelled).toBe(true);
  });

  test("a body that breaks off errors it", async () => {
    const stream = hosted(new FakeHostBody(["a", new TypeError("broke off")])).body;
    await expect(collect(nonNull(stream))).rejects.toThrow("broke off");
  });

  test("is iterable with for await", async () => {
    const chunks = await collect(nonNull(hosted(new FakeHostBody(["a", "b"])).body));
    expect(chunks).toEqual([bytes("a"), bytes("b")]);
  });
});

describe("clone()", () => {
  test.each<[string, () => Response]>([
    ["text", () => new Response("abc")],
    ["bytes", () => new Response(bytes("abc"))],
    ["a body of the host", () => hosted(new FakeHostBody(["a", "bc"]))],
    ["a stream", () => new Response(ReadableStream.from([bytes("abc")]))],
  ])("of %s gives both the same bytes", async (_, make) => {
    const response = make();
    const copy = response.clone();
    expect(await copy.text()).toBe("abc");
    expect(response.bodyUsed).toBe(false);
    expect(await response.text()).toBe("abc");
  });

  test("the clone of a stream's chunk is a structured clone, the original keeps the chunk itself", async () => {
    const chunk = bytes("abc");
    const response = new Response(ReadableStream.from([chunk]));
    const copy = response.clone();
    const first = await response.body?.getReader().read();
    const second = await copy.body?.getReader().read();
    expect([first?.value === chunk, second?.value === chunk, second?.value]).toEqual([true, false, chunk]);
  });

  test("a chunk that cannot be cloned fails both streams and cancels their source", async () => {
    let cancelled: unknown;
    const source = new ReadableStream({
      pull: (controller) => controller.enqueue(() => undefined),
      cancel: (reason) => void (cancelled = reason),
    });
    const response = new Response(source as never);
    const copy = response.clone();
    await expect(response.text()).rejects.toMatchObject({ name: "DataCloneError" });
    await expect(copy.text()).rejects.toMatchObject({ name: "DataCloneError" });
    expect(cancelled).toMatchObject({ name: "DataCloneError" });
  });

  test("the source of two streams is cancelled when both are", async () => {
    let cancelled: unknown = null;
    const response = new Response(new ReadableStream({ cancel: (reason) => void (cancelled = reason) }));
    const copy = response.clone();
    const first = response.body?.cancel("a");
    expect(cancelled).toBeNull();
    await Promise.all([first, copy.body?.cancel("b")]);
    expect(cancelled).toEqual(["a", "b"]);
  });

  test("bytes of a clone are its own", async () => {
    const response = new Response(bytes("abc"));
    const first = await response.clone().bytes();
    first.fill(0);
    expect(await response.text()).toBe("abc");
  });
});

describe("bodies given by user code", () => {
  const inits: readonly [string, () => unknown, string | null, string][] = [
    ["a string", () => "hé", "text/plain;charset=UTF-8", "hé"],
    ["an ArrayBuffer", () => bytes("ab").buffer, null, "ab"],
    ["a view", () => bytes("xaby").subarray(1, 3), null, "ab"],
    [
      "URLSearchParams",
      () => new URLSearchParams({ a: "b c" }),
      "application/x-www-form-urlencoded;charset=UTF-8",
      "a=b+c",
    ],
    ["a Blob", () => new Blob(["ab"], { type: "Image/PNG" }), "image/png", "ab"],
    ["a Blob without type", () => new Blob(["ab"]), null, "ab"],
    ["a stream", () => ReadableStream.from([bytes("ab")]), null, "ab"],
    ["anything else", () => 42, "text/plain;charset=UTF-8", "42"],
  ];
  test.each(inits)("%s gives its content-type and bytes", async (_, init, type, text) => {
    const response = new Response(init() as never);
    expect(response.headers.get("content-type")).toBe(type);
    expect(await response.text()).toBe(text);
  });

  test("a content-type that is set already stays", () => {
    expect(new Response("x", { headers: { "Content-Type": "a/b" } }).headers.get("content-type")).toBe("a/b");
  });

  test("bytes changed afterwards do not change the body", async () => {
    const data = bytes("abc");
    const response = new Response(data);
    data.fill(0);
    expect(await response.text()).toBe("abc");
  });

  test("a stream of strings cannot be read as a body", async () => {
    await expect(new Response(ReadableStream.from(["a"]) as never).text()).rejects.toThrow(TypeError);
  });

  test("a `then` on Object.prototype sees nothing of a body, and a long queue does not exhaust the stack", async () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    const chunks = Array.from({ length: 20_000 }, () => bytes("a"));
    const queued = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    const seen: unknown[] = [];
    // eslint-disable-next-line unicorn/no-thenable -- what a hostile function would do
    prototype["then"] = function (this: unknown, resolve: (value: unknown) => void) {
      seen.push(this);
      delete prototype["then"];
      resolve({ done: false, value: bytes("other") });
    };
    try {
      expect((await new Response(queued).text()).length).toBe(20_000);
      expect(await new Response(bytes("bytes")).text()).toBe("bytes");
      expect(seen).toEqual([]);
    } finally {
      delete prototype["then"];
    }
  });

  test("a locked or read stream is refused", async () => {
    const locked = ReadableStream.from([bytes("a")]);
    locked.getReader();
    expect(() => new Response(locked)).toThrow(TypeError);
    const read = ReadableStream.from([bytes("a")]);
    const reader = read.getReader();
    await reader.read();
    reader.releaseLock();
    expect(() => new Response(read)).toThrow(TypeError);
  });
});

describe("form data", () => {
  function form(): FormData {
    const data = new FormData();
    data.append("text", "line\nbreak");
    data.append('na"me\r\n', "é");
    data.append("file", new File(["\r\n--x\r\n"], 'a"b.txt', { type: "text/html", lastModified: 1 }));
    data.append("blob", new Blob([new Uint8Array([0, 255, 13, 10])]));
    return data;
  }

  test("multipart round trip", async () => {
    const request = new Request("http://x/", { method: "POST", body: form() });
    const parsed = await request.formData();
    expect(parsed.get("text")).toBe("line\r\nbreak");
    expect(parsed.get('na"me\r\n')).toBe("é");
    const file = parsed.get("file") as File;
    expect([file.name, file.type, await file.text()]).toEqual(['a"b.txt', "text/html", "\r\n--x\r\n"]);
    const blob = parsed.get("blob") as File;
    expect([blob.name, blob.type]).toEqual(["blob", "application/octet-stream"]);
    expect(await blob.bytes()).toEqual(new Uint8Array([0, 255, 13, 10]));
  });

  test("Node reads what is written here, and the other way round", async () => {
    const ours = new Request("http://x/", { method: "POST", body: form() });
    const type = ours.headers.get("content-type") ?? "";
    const node = await new globalThis.Response(new Uint8Array(await ours.bytes()), {
      headers: { "content-type": type },
    }).formData();
    expect(node.get("text")).toBe("line\r\nbreak");
    expect(await (node.get("file") as unknown as File).text()).toBe("\r\n--x\r\n");

    const nodeForm = new globalThis.FormData();
    nodeForm.append("a", "ü");
    nodeForm.append("f", new globalThis.File(["xyz"], "f.bin"));
    const nodeResponse = new globalThis.Response(nodeForm);
    const headers = { "content-type": nodeResponse.headers.get("content-type") ?? "" };
    const parsed = await new Response(await nodeResponse.arrayBuffer(), { headers }).formData();
    expect(parsed.get("a")).toBe("ü");
    expect(await (parsed.get("f") as File).text()).toBe("xyz");
  });

  test("urlencoded bodies", async () => {
    const parsed = await new Response(new URLSearchParams("a=1&b=%C3%A9&a=2")).formData();
    expect([...parsed]).toEqual([
      ["a", "1"],
      ["b", "é"],
      ["a", "2"],
    ]);
  });

  const malformed: readonly [string, string, string][] = [
    ["another content-type", "text/plain", "a=1"],
    ["no boundary", "multipart/form-data", "--x--"],
    ["no end", "multipart/form-data; boundary=x", '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'],
    ["no name", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data\r\n\r\nb\r\n--x--"],
    ["no header", "multipart/form-data; boundary=x", "--x\r\n\r\nb\r\n--x--"],
    [
      "another boundary",
      "multipart/form-data; boundary=y",
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--',
    ],
  ];
  test.each(malformed)("%s is a TypeError", async (_, type, text) => {
    await expect(new Response(text, { headers: { "content-type": type } }).formData()).rejects.toThrow(TypeError);
  });

  test("set replaces the first and removes the rest", () => {
    const data = form();
    data.append("text", "2");
    data.set("text", "3");
    expect(data.getAll("text")).toEqual(["3"]);
    expect([...data.keys()][0]).toBe("text");
    data.delete("file");
    expect(data.has("file")).toBe(false);
    expect(data.get("file")).toBeNull();
    expect(() => data.append("a", "text", "name")).toThrow(TypeError);
  });
});

describe("Blob", () => {
  test.each([
    [0, 3],
    [-3, -1],
    [2, undefined],
    [5, 2],
    [-100, 100],
    [0.5, 3.5],
    [1.5, 4.5],
    [Number.NaN, Infinity],
  ])("slice(%s, %s) as Node has it", async (start, end) => {
    const ours = new Blob(["abc", bytes("def")]).slice(start, end, "Text/X");
    const node = new globalThis.Blob(["abcdef"]).slice(start, end, "Text/X");
    expect([ours.size, ours.type, await ours.text()]).toEqual([node.size, node.type, await node.text()]);
  });

  test("streams its bytes in pieces", async () => {
    const data = new Uint8Array(200_000).map((_, index) => index);
    const chunks = await collect(new Blob([data]).stream());
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(data.length);
  });

  test("parts are converted while they are taken, before the options are looked at", () => {
    const parts = ["a", { toString: (): string => ((parts.length = 2), "b") }, "c"];
    expect(new Blob(parts as never).size).toBe(2);
    let looked = false;
    const refuses = {
      toString(): string {
        throw new RangeError("part");
      },
    };
    const options = {
      get type(): string {
        looked = true;
        return "";
      },
    };
    expect(() => new Blob([refuses] as never, options)).toThrow(RangeError);
    expect([looked, Blob.length]).toEqual([false, 0]);
  });

  test("refuses parts that are no sequence", () => {
    expect(() => new Blob("text" as never)).toThrow(TypeError);
    expect(() => new Blob(["a"], { endings: "odd" as never })).toThrow(TypeError);
  });
});
