import zlib from "node:zlib";
import { describe, expect, it } from "vitest";

/** The machine may be busy. */
const PATIENT = { timeout: 180_000 };
import type { Compress } from "../../../sdk/domain-policy.ts";
import { ask } from "../support/client.ts";
import type { Edge } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";

const opened = opensThings();
const text = "A page. ".repeat(500);
const compress: Compress = { status: "on", type: "br,gzip", min_length: 256 };
const accepting = (coding: string): { readonly headers: { readonly "accept-encoding": string } } => ({
  headers: { "accept-encoding": coding },
});

async function site(fields: Readonly<Record<string, string>> = {}): Promise<Edge> {
  const { port } = await opened.origin((request, response) => {
    response.writeHead(200, {
      "content-type": "text/html",
      "content-length": String(text.length),
      etag: '"v1"',
      ...fields,
    });
    response.end(request.method === "HEAD" ? undefined : text);
  });
  return await opened.edge({ origins: [port], domain: { compress } });
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

  it("breaks off where the origin did", async () => {
    const { port: origin } = await opened.rawOrigin((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n${text}`);
    });
    const { port } = await opened.edge({ origins: [origin], domain: { compress } });
    await expect(ask(port, "/", accepting("gzip"))).rejects.toThrow(/aborted|socket hang up/);
  });
});
