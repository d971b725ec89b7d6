import zlib from "node:zlib";
import { describe, expect, it } from "vitest";

/** The machine may be busy. */
const PATIENT = { timeout: 180_000 };
import type { Compress } from "../../../sdk/domain-policy.ts";
import { ask } from "../support/client.ts";
import type { Edge, EdgeOptions } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";

const opened = opensThings();
const text = "A page. ".repeat(500);
const compress: Compress = { status: "on", type: "br,gzip", min_length: 256 };
const accepting = (coding: string): { readonly headers: { readonly "accept-encoding": string } } => ({
  headers: { "accept-encoding": coding },
});

/** A function that signs each answer to a client. */
const signed: EdgeOptions = {
  functions: {
    sign: ({ response }) => ({
      kind: "response",
      status: response?.status ?? 500,
      headers: `${response?.headers ?? ""}x-signed:yes\n`,
      body: { kind: "same" },
    }),
  },
  rules: [{ phase: "clientResponse", function: "sign" }],
};

async function site(fields: Readonly<Record<string, string>> = {}, options: EdgeOptions = {}): Promise<Edge> {
  const { port } = await opened.origin((request, response) => {
    response.writeHead(200, {
      "content-type": "text/html",
      "content-length": String(text.length),
      etag: '"v1"',
      ...fields,
    });
    response.end(
      request.method === "HEAD" ? undefined : text.slice(0, Number(fields["content-length"] ?? text.length)),
    );
  });
  return await opened.edge({ ...options, origins: [port], domain: { compress } });
}

describe("compress", () => {
  it("sends an origin's answer in the coding the client prefers", async () => {
    const { port } = await site();
    const answer = await ask(port, "/", accepting("gzip, br;q=0.5"));
    expect(zlib.gunzipSync(answer.body).toString()).toBe(text);
    expect(answer.headers).toMatchObject({
      "content-encoding": "gzip",
      etag: 'W/"v1"',
      vary: "Accept-Encoding",
    });
    expect(answer.headers["content-length"]).toBe(String(answer.body.byteLength));
  });

  it("sends it as it is to others, and says that it varies", async () => {
    const { port } = await site();
    const answer = await ask(port, "/");
    expect([answer.text, answer.headers.etag, answer.headers.vary]).toEqual([text, '"v1"', "Accept-Encoding"]);
    expect(answer.headers["content-length"]).toBe(String(text.length));
  });

  it("says to HEAD what GET would get", async () => {
    const { port } = await site();
    const answer = await ask(port, "/", { method: "HEAD", ...accepting("br") });
    expect(answer.headers).toMatchObject({ "content-encoding": "br", etag: 'W/"v1"', vary: "Accept-Encoding" });
    expect(answer.headers["content-length"]).toBeUndefined();
  });

  it("leaves alone what is encoded already, and what may not be changed", async () => {
    for (const fields of [{ "content-encoding": "identity2" }, { "cache-control": "no-transform" }]) {
      const { port } = await site(fields);
      const answer = await ask(port, "/", accepting("br"));
      expect([answer.text, answer.headers.etag, answer.headers.vary]).toEqual([text, '"v1"', undefined]);
    }
  });

  it("answers from the cache in each coding, from what it kept", async () => {
    const { port } = await site({ "cache-control": "max-age=60" });
    await ask(port, "/", accepting("br"));
    await expect.poll(async () => (await ask(port, "/")).headers["cache-status"], PATIENT).toContain("hit");
    for (const [coding, decode] of [
      ["br", zlib.brotliDecompressSync],
      ["gzip", zlib.gunzipSync],
      ["br", zlib.brotliDecompressSync],
    ] as const) {
      const answer = await ask(port, "/", accepting(coding));
      expect(decode(answer.body).toString()).toBe(text);
      expect(answer.headers["cache-status"]).toContain("hit");
      expect(answer.headers["content-length"]).toBe(String(answer.body.byteLength));
    }
    expect((await ask(port, "/")).text).toBe(text);
  });

  it.each<[string, boolean, EdgeOptions]>([
    ["a stored answer", true, {}],
    ["an answer that comes just now", false, {}],
    ["an answer that a function changes", true, signed],
  ])("says by a 304 of %s what it says by a 200", async (_case, isStored, options) => {
    const { port } = await site({ "cache-control": "max-age=60" }, options);
    for (const coding of ["br", "identity"]) {
      for (const method of isStored ? ["GET", "HEAD"] : ["GET"]) {
        const { headers } = await ask(port, "/", { method, ...accepting(coding) });
        const etag = String(headers.etag);
        const conditional = { "accept-encoding": coding, "if-none-match": etag };
        const confirmed = await ask(port, isStored ? "/" : `/${coding}-${method}`, { method, headers: conditional });
        expect([confirmed.status, confirmed.text, confirmed.headers["content-encoding"]]).toEqual([304, "", undefined]);
        expect([confirmed.headers.etag, confirmed.headers.vary]).toEqual([etag, headers.vary]);
        expect(etag.startsWith("W/")).toBe(coding === "br");
      }
    }
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ["what is not compressed", { "content-type": "image/png" }],
    ["what is encoded already", { "content-encoding": "identity2" }],
    ["what is too short", { "content-length": "3" }],
  ])("says nothing else by a 304 of %s", async (_case, fields) => {
    const { port } = await site({ "cache-control": "max-age=60", ...fields });
    await ask(port, "/", accepting("br"));
    const headers = { "accept-encoding": "br", "if-none-match": '"v1"' };
    const confirmed = await ask(port, "/", { headers });
    expect([confirmed.status, confirmed.headers.etag, confirmed.headers.vary]).toEqual([304, '"v1"', undefined]);
  });

  it("judges a 304 that an origin made by what that says", async () => {
    const { port } = await opened.origin((request, response) => {
      const fields = request.url === "/page" ? { "content-type": "text/html" } : {};
      response.writeHead(304, { etag: '"v1"', ...fields }).end();
    });
    const front = await opened.edge({ origins: [port], domain: { compress } });
    const headers = { "accept-encoding": "br", "if-none-match": 'W/"v1"', "if-match": "*" };
    const [page, unknown] = [await ask(front.port, "/page", { headers }), await ask(front.port, "/", { headers })];
    expect([page.status, page.headers.etag, page.headers.vary]).toEqual([304, 'W/"v1"', "Accept-Encoding"]);
    expect([unknown.status, unknown.headers.etag, unknown.headers.vary]).toEqual([304, '"v1"', undefined]);
  });

  it("breaks off where the origin did", async () => {
    const { port: origin } = await opened.rawOrigin((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n${text}`);
    });
    const { port } = await opened.edge({ origins: [origin], domain: { compress } });
    await expect(ask(port, "/", accepting("gzip"))).rejects.toThrow(/aborted|socket hang up/);
  });
});
