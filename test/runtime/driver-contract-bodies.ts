/** The part of the driver contract that is about bodies and subrequests. */
import { expect, it } from "vitest";
import { SubrequestError, type Subrequest, type SubrequestResponse } from "../../runtime/driver.ts";
import type { RunFunction } from "./driver-run.ts";
import { brokenStream, bytesOf, streamOf, textOf } from "./driver-fixtures.ts";

/** Bodies in both directions. */
export function bodies(run: RunFunction): void {
  it("a request body is read chunk by chunk", async () => {
    const { outcome } = await run(`{ async fetch(request) { return new Response(await request.text()); } }`, {
      invocation: { method: "POST", body: streamOf(["one ", "two ", "three"]) },
    });
    expect(await textOf(outcome)).toBe("one two three");
  });

  it("a body that breaks off rejects the read", async () => {
    const { outcome } = await run(
      `{ async fetch(request) { try { await request.text(); return new Response("whole"); } catch (e) { return new Response("broke: " + e.name); } } }`,
      {
        invocation: { method: "POST", body: brokenStream() },
      },
    );
    expect(await textOf(outcome)).toBe("broke: TypeError");
  });

  it("a stream made by the function arrives whole, pulled with back-pressure", async () => {
    const { outcome } = await run(
      `{ fetch() { let n = 0; return new Response(new ReadableStream({ pull(c) { n += 1; if (n > 50) c.close(); else c.enqueue(new Uint8Array(1000).fill(n)); } })); } }`,
    );
    expect((await bytesOf(outcome)).byteLength).toBe(50_000);
  });

  it("a stream that errors late fails the body, never ends it silently", async () => {
    const { outcome } = await run(
      `{ fetch() { let n = 0; return new Response(new ReadableStream({ pull(c) { n += 1; if (n > 3) c.error(new Error("late")); else c.enqueue(new Uint8Array(10)); } })); } }`,
    );
    await expect(bytesOf(outcome)).rejects.toThrow("late");
  });

  it.each([
    ["x", 65_536, "text"],
    ["x", 65_537, "bytes"],
    ["\u00fc\u2603", 100_000, "bytes"],
    ["\ud83d\ude42\ud800", 100_000, "bytes"],
    ["x", 32 << 20, "bytes"],
  ])("a text body arrives whole: %j, %d times, as %s", async (piece, times, kind) => {
    const { outcome } = await run(
      `{ fetch() { return new Response(${JSON.stringify(piece)}.repeat(${String(times)})); } }`,
    );
    expect(outcome).toMatchObject({ kind: "response", body: { kind } });
    expect((await textOf(outcome)) === piece.toWellFormed().repeat(times)).toBe(true);
  });

  it("the text of a subrequest arrives whole", async () => {
    const bodies: unknown[] = [];
    await run(
      `{ async fetch() { await fetch("http://other.example/", { method: "POST", body: "x".repeat(100_000) }); return new Response(""); } }`,
      {
        fetch: async (request) => {
          bodies.push(request.body);
          return fetch(request);
        },
      },
    );
    expect(bodies).toEqual([{ kind: "bytes", bytes: expect.objectContaining({ byteLength: 100_000 }) }]);
  });
}

const fetch = (request: Subrequest): Promise<SubrequestResponse> =>
  Promise.resolve({
    status: 200,
    statusText: "OK",
    headers: `x-method:${request.method}\n`,
    body: streamOf(["from ", request.url]),
    url: request.url,
    redirected: false,
  });

/** Answers that are passed on. */
export function passedOn(run: RunFunction): void {
  it.each([
    ["", "without a signal"],
    ["{ signal: new AbortController().signal }", "with a signal"],
  ])("an answer passed on unread (fetch(url%s)) is read to its end after the instance is idle", async (init) => {
    let aborted = false;
    const read = Promise.withResolvers<void>();
    const { outcome } = await run(
      `{ fetch() { return fetch("http://other.example/y"${init === "" ? "" : `, ${init}`}); } }`,
      {
        fetch: async (request, signal) => {
          signal.addEventListener("abort", () => {
            aborted = true;
          });
          const chunks = {
            async *[Symbol.asyncIterator]() {
              yield Buffer.from("first ");
              await read.promise;
              if (aborted) throw new Error("aborted");
              yield Buffer.from("last");
            },
          };
          return { ...(await fetch(request)), body: { kind: "stream", lengthBytes: undefined, chunks } };
        },
      },
    );
    const text = textOf(outcome);
    // Whatever the host has to say about the first instance comes before this answer.
    await run(`{ fetch() { return new Response(); } }`);
    read.resolve();
    expect(await text).toBe("first last");
  });
}

/** What functions fetch. */
export function subrequests(run: RunFunction): void {
  handedOn(run);
  subrequestRefusals(run);

  it("fetch reaches the host, and its body can be read", async () => {
    const { outcome } = await run(
      `{ async fetch() { const r = await fetch("http://other.example/x", { method: "PUT", body: "b" }); return new Response(r.headers.get("x-method") + " " + (await r.text())); } }`,
      { fetch },
    );
    expect(await textOf(outcome)).toBe("PUT from http://other.example/x");
  });

  it("aborting a fetch aborts it on the host", async () => {
    let aborted = false;
    const { outcome } = await run(
      `{ async fetch() { const c = new AbortController(); setTimeout(() => c.abort(), 5); try { await fetch("http://other.example/", { signal: c.signal }); } catch (e) { return new Response(e.name); } } }`,
      {
        fetch: (_request, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              aborted = true;
              reject(new SubrequestError("REQUEST_ABORTED", "aborted"));
            });
          }),
      },
    );
    expect([await textOf(outcome), aborted]).toEqual(["AbortError", true]);
  });
}

/** Answers that functions return without reading them. */
function handedOn(run: RunFunction): void {
  it("a subrequest's answer returned as it is never enters the isolate", async () => {
    const { outcome } = await run(`{ fetch() { return fetch("http://other.example/y"); } }`, { fetch });
    expect(await textOf(outcome)).toBe("from http://other.example/y");
  });

  it.each([
    [
      "with a signal",
      `fetch(request) { return fetch("http://other.example/y", { signal: new AbortController().signal }); }`,
    ],
    ["of the request itself", `fetch(request) { return fetch(request); }`],
    ["by another Response", `async fetch(request) { const r = await fetch(request); return new Response(r.body, r); }`],
  ])("a subrequest's answer %s is handed on, and goes on when the instance is idle", async (_name, module) => {
    const sent = Promise.withResolvers<void>();
    let aborted = false;
    const { outcome } = await run(`{ ${module} }`, {
      fetch: (request, signal) => {
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        async function* chunks(): AsyncGenerator<Uint8Array> {
          yield new TextEncoder().encode("first ");
          await sent.promise;
          yield new TextEncoder().encode("last");
        }
        const body = { kind: "stream", lengthBytes: undefined, chunks: chunks() } as const;
        return Promise.resolve({ status: 200, statusText: "", headers: "", body, url: request.url, redirected: false });
      },
    });
    const text = textOf(outcome);
    // Long enough for the instance's word that it is idle.
    await run(`{ fetch() { return new Response("another"); } }`);
    sent.resolve();
    expect([await text, aborted]).toEqual(["first last", false]);
  });
}

/** What functions may not fetch. */
function subrequestRefusals(run: RunFunction): void {
  it("a refused subrequest is a TypeError", async () => {
    const { outcome } = await run(
      `{ async fetch() { try { await fetch("http://127.0.0.1/"); } catch (e) { return new Response(e.name + ": " + e.message); } } }`,
      {
        fetch: () => Promise.reject(new SubrequestError("EGRESS_DENIED", "127.0.0.1 is not public")),
      },
    );
    expect(await textOf(outcome)).toBe("TypeError: fetch failed: 127.0.0.1 is not public (EGRESS_DENIED)");
  });

  it("one subrequest beyond the limit is refused", async () => {
    const { outcome } = await run(
      `{ async fetch() { let ok = 0; try { for (;;) { await fetch("http://other.example/"); ok += 1; } } catch (e) { return new Response(ok + " " + e.message); } } }`,
      { fetch, limits: { subrequestsMax: 3 } },
    );
    expect(await textOf(outcome)).toBe("3 Too many subrequests in one invocation");
  });
}
