import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { emptyBody, type Body } from "../../../runtime/body.ts";
import type { Subrequest, SubrequestResponse } from "../../../runtime/driver.ts";
import { Connections, type Resolver } from "../../../edge-node/origin/connections.ts";
import { createEgressPolicy } from "../../../sdk/egress-policy.ts";
import { subrequest } from "../../../edge-node/origin/subrequest.ts";
import { loopback } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";

const { origin, rawOrigin } = opensThings();
const open: Connections[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

function connections(options: Partial<ConstructorParameters<typeof Connections>[0]> = {}): Connections {
  const made = new Connections({ policy: loopback, ...options });
  open.push(made);
  return made;
}

interface Asked extends Partial<Subrequest> {
  readonly from?: Connections;
  readonly signal?: AbortSignal;
}

function fetchUrl(url: string, { from, signal, ...change }: Asked = {}): Promise<SubrequestResponse> {
  return subrequest(
    {
      connections: from ?? connections(),
      egress: null,
      cdnLoop: "selvage",
      signal: signal ?? new AbortController().signal,
    },
    { target: { kind: "network" }, method: "GET", url, headers: "", body: emptyBody, redirect: "follow", ...change },
  );
}

async function text(body: Body): Promise<string> {
  if (body.kind !== "stream") return "";
  let result = "";
  for await (const chunk of body.chunks) result += Buffer.from(chunk).toString();
  return result;
}

const bytes = (value: string): Body => ({ kind: "bytes", bytes: Buffer.from(value) });

/** Redirects `/to?STATUS=URL`, else echoes method, fields and body. */
const echo = () =>
  origin((request, response) => {
    const [, status, location] = /^\/to\?(\d+)=(.*)$/.exec(request.url ?? "") ?? [];
    if (status !== undefined && location !== undefined) {
      response.writeHead(Number(status), { location: decodeURIComponent(location) }).end("moved");
      return;
    }
    void request.toArray().then((chunks) => {
      const { method, url, headers } = request;
      response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks as Buffer[]).toString() }));
    });
  });

async function echoed(
  response: SubrequestResponse,
): Promise<{ method: string; url: string; headers: Record<string, string>; body: string }> {
  return JSON.parse(await text(response.body)) as never;
}

describe("a subrequest", () => {
  it("carries method, fields and body, frames them itself and names the loop", async () => {
    const { port } = await echo();
    const response = await fetchUrl(`http://127.0.0.1:${port}/a?b#c`, {
      method: "PUT",
      headers: "x-a:1\ncontent-length:99\nconnection:x-b\nx-b:2\ncdn-loop:forged\nhost:forged\n",
      body: bytes("abc"),
    });
    const seen = await echoed(response);
    expect(seen).toMatchObject({ method: "PUT", url: "/a?b", body: "abc" });
    expect(seen.headers).toMatchObject({
      "x-a": "1",
      "content-length": "3",
      "cdn-loop": "selvage",
      host: `127.0.0.1:${port}`,
    });
    expect(seen.headers["x-b"]).toBeUndefined();
    expect(response).toMatchObject({ status: 200, redirected: false, url: `http://127.0.0.1:${port}/a?b#c` });
  });

  it("streams a body of unknown length", async () => {
    const { port } = await echo();
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("ab");
      yield Buffer.from("cd");
    }
    const body: Body = { kind: "stream", chunks: chunks(), lengthBytes: undefined };
    const seen = await echoed(await fetchUrl(`http://127.0.0.1:${port}/`, { method: "POST", body }));
    expect([seen.body, seen.headers["transfer-encoding"]]).toEqual(["abcd", "chunked"]);
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const)("decodes %s, and takes its fields away", async (coding, compress) => {
    const { port } = await origin((_request, response) => {
      response.writeHead(200, { "content-encoding": coding }).end(compress(Buffer.from("decoded")));
    });
    const response = await fetchUrl(`http://127.0.0.1:${port}/`);
    expect(response.headers).not.toMatch(/content-(encoding|length)/);
    expect(await text(response.body)).toBe("decoded");
  });

  it("decodes codings one over the other, bare DEFLATE data, and a body without a byte", async () => {
    const { port } = await origin((request, response) => {
      if (request.url === "/empty") response.writeHead(200, { "content-encoding": "gzip" }).write("");
      else if (request.url === "/bare") response.writeHead(200, { "content-encoding": "deflate" });
      else response.writeHead(200, { "content-encoding": "gzip, br" });
      if (request.url === "/empty") response.end();
      else if (request.url === "/bare") response.end(deflateRawSync("bare"));
      else response.end(brotliCompressSync(gzipSync("both")));
    });
    const texts = ["/empty", "/bare", "/both"].map(async (path) =>
      text((await fetchUrl(`http://127.0.0.1:${port}${path}`)).body),
    );
    expect(await Promise.all(texts)).toEqual(["", "bare", "both"]);
  });

  it.each([
    ["gzip", gzipSync("a body that is cut"), "unexpected end of file"],
    ["deflate", deflateSync("a body that is cut"), "unexpected end of file"],
    ["br", brotliCompressSync("a body that is cut"), "unexpected end of file"],
    ["zstd", zstdCompressSync("a body that is cut"), "unexpected end of file"],
  ] as const)(
    "fails the reader of a %s body that is cut, after its framing was complete",
    async (coding, whole, why) => {
      const { port } = await origin((_request, response) => {
        response.writeHead(200, { "content-encoding": coding }).end(whole.subarray(0, -5));
      });
      await expect(text((await fetchUrl(`http://127.0.0.1:${port}/`)).body)).rejects.toThrow(why);
    },
  );

  it("a damaged body harms nobody when it is not read, or no longer", async () => {
    let ended = 0;
    const source = await origin((_request, response) => {
      response.on("close", () => ended++).writeHead(200, { "content-encoding": "gzip" });
      response.write("not gzip at all");
    });
    const url = `http://127.0.0.1:${source.port}/`;
    const unread = await fetchUrl(url);
    const given = await fetchUrl(url);
    if (unread.body.kind !== "stream" || given.body.kind !== "stream") throw new Error("expected streams");
    // An uncaught error would fail this file.
    const iterator = given.body.chunks[Symbol.asyncIterator]();
    const reading = Promise.allSettled([iterator.next()]);
    await iterator.return?.();
    await reading;
    await unread.body.chunks[Symbol.asyncIterator]().return?.();
    await expect.poll(() => ended).toBe(2);
  });

  it("leaves an unknown coding as it came and fails the reader of a damaged one", async () => {
    const { port } = await origin((request, response) => {
      response.writeHead(200, { "content-encoding": request.url === "/odd" ? "odd" : "gzip" }).end("raw");
    });
    const odd = await fetchUrl(`http://127.0.0.1:${port}/odd`);
    expect(odd.headers).toContain("content-encoding:odd");
    expect(await text(odd.body)).toBe("raw");
    const damaged = await fetchUrl(`http://127.0.0.1:${port}/damaged`);
    await expect(text(damaged.body)).rejects.toThrow("incorrect header check");
  });

  it("ends when it is aborted: before the head, and within the body", async () => {
    const source = await rawOrigin((socket) => {
      if (source.connections === 2) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    for (const within of ["head", "body"]) {
      const controller = new AbortController();
      const response = fetchUrl(`http://127.0.0.1:${source.port}/`, { signal: controller.signal });
      const result = within === "head" ? response : response.then(({ body }) => text(body));
      const settled = Promise.allSettled([result]);
      await expect.poll(() => source.received.length).toBe(within === "head" ? 1 : 2);
      if (within === "body") await response;
      controller.abort();
      expect(await settled).toMatchObject([{ reason: { code: "REQUEST_ABORTED" } }]);
    }
  });

  it.each([
    ["a truncated body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"],
    ["truncated chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"],
  ])("%s fails its reader", async (_case, answer) => {
    const { port } = await rawOrigin((socket) => socket.end(answer));
    await expect(text((await fetchUrl(`http://127.0.0.1:${port}/`)).body)).rejects.toMatchObject({
      code: "ORIGIN_TRUNCATED",
    });
  });
});

describe("redirects:", () => {
  it.each([
    [301, "POST", "GET", ""],
    [302, "POST", "GET", ""],
    [303, "PUT", "GET", ""],
    [303, "HEAD", "HEAD", ""],
    [307, "POST", "POST", "abc"],
    [308, "PUT", "PUT", "abc"],
    [301, "PUT", "PUT", "abc"],
  ])("%i of %s becomes %s", async (status, method, expected, body) => {
    const { port, requests } = await echo();
    const response = await fetchUrl(`http://127.0.0.1:${port}/to?${status}=${encodeURIComponent("/end")}`, {
      method,
      body: method === "HEAD" ? emptyBody : bytes("abc"),
      headers: "content-type:text/plain\nauthorization:secret\n",
    });
    expect([response.redirected, response.url, requests[1]?.method]).toEqual([
      true,
      `http://127.0.0.1:${port}/end`,
      expected,
    ]);
    if (expected === "HEAD") return;
    const seen = await echoed(response);
    expect(seen.body).toBe(body);
    expect(seen.headers["content-type"]).toBe(body === "" ? undefined : "text/plain");
    expect(seen.headers["authorization"]).toBe("secret");
  });

  it("credentials do not follow to another origin", async () => {
    const [first, second] = [await echo(), await echo()];
    const location = encodeURIComponent(`http://127.0.0.1:${second.port}/`);
    const response = await fetchUrl(`http://127.0.0.1:${first.port}/to?302=${location}`, {
      headers: "authorization:a\ncookie:b\nproxy-authorization:c\nx-kept:d\n",
    });
    const { headers } = await echoed(response);
    expect([headers["authorization"], headers["cookie"], headers["proxy-authorization"], headers["x-kept"]]).toEqual([
      undefined,
      undefined,
      undefined,
      "d",
    ]);
  });

  it("manual hands the redirect over, error fails", async () => {
    const { port } = await echo();
    const url = `http://127.0.0.1:${port}/to?302=%2Fend`;
    const manual = await fetchUrl(url, { redirect: "manual" });
    expect([manual.status, manual.redirected]).toEqual([302, false]);
    await expect(fetchUrl(url, { redirect: "error" })).rejects.toThrow("redirect");
  });

  it("the 20th is followed, a 21st is not", async () => {
    const { port } = await origin((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end("end");
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    expect(await text((await fetchUrl(`http://127.0.0.1:${port}/20`)).body)).toBe("end");
    await expect(fetchUrl(`http://127.0.0.1:${port}/21`)).rejects.toThrow("Too many redirects");
  });

  it.each([
    ["to a refused address", "http://169.254.169.254/latest/meta-data/", "EGRESS_DENIED"],
    ["to an address written as one number", "http://2852039166/", "EGRESS_DENIED"],
    ["to a mapped address", "http://[::ffff:10.0.0.1]/", "EGRESS_DENIED"],
    ["out of http", "file:///etc/passwd", "EGRESS_DENIED"],
    ["to no URL", "http://[", "ORIGIN_MALFORMED"],
    ["with credentials in the URL", "http://user:password@127.0.0.1/", "ORIGIN_MALFORMED"],
  ])("%s is refused", async (_case, location, code) => {
    const { port } = await echo();
    await expect(fetchUrl(`http://127.0.0.1:${port}/to?302=${encodeURIComponent(location)}`)).rejects.toMatchObject({
      code,
    });
  });

  it("a stream cannot be sent twice", async () => {
    const { port } = await echo();
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("ab");
    }
    const body: Body = { kind: "stream", chunks: chunks(), lengthBytes: 2 };
    await expect(fetchUrl(`http://127.0.0.1:${port}/to?307=%2F`, { method: "POST", body })).rejects.toThrow(
      "cannot be sent again",
    );
  });
});

describe("where functions may go:", () => {
  const policy = createEgressPolicy();

  it.each([
    "http://127.0.0.1/",
    "http://localhost/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://[::1]/",
    "http://10.0.0.1/",
    "https://192.168.0.1/",
  ])("%s is refused, without a word about the address", async (url) => {
    await expect(fetchUrl(url, { from: connections({ policy }) })).rejects.toMatchObject({
      code: "EGRESS_DENIED",
      message: "The address may not be reached",
    });
  });

  it("a name is judged by the address of this very connection, so it cannot change its mind", async () => {
    const source = await echo();
    const answers = ["127.0.0.1", "10.0.0.1"];
    const asked: string[] = [];
    const resolver: Resolver = (hostname, _options, callback) => {
      asked.push(hostname);
      callback(null, [{ address: answers[asked.length - 1] ?? "", family: 4 }]);
    };
    const from = connections({ resolver });
    const url = `http://rebinding.test:${source.port}/`;
    const first = await fetchUrl(url, { from, headers: "connection:close\n" });
    await text(first.body);
    await from.close();
    const later = connections({ resolver });
    await expect(fetchUrl(url, { from: later })).rejects.toMatchObject({ code: "EGRESS_DENIED" });
    expect(asked).toEqual(["rebinding.test", "rebinding.test"]);
    expect(source.requests).toHaveLength(1);
  });

  it("of a name's addresses only the allowed ones are tried", async () => {
    const source = await echo();
    const resolver: Resolver = (_hostname, _options, callback) =>
      callback(null, [
        { address: "10.0.0.1", family: 4 },
        { address: "127.0.0.1", family: 4 },
      ]);
    const response = await fetchUrl(`http://mixed.test:${source.port}/`, { from: connections({ resolver }) });
    expect(response.status).toBe(200);
  });

  it.each([
    ["a URL that is none", "nonsense", "REQUEST_MALFORMED"],
    ["another scheme", "ftp://x/", "EGRESS_DENIED"],
  ])("%s is refused", async (_case, url, code) => {
    await expect(fetchUrl(url)).rejects.toMatchObject({ code });
  });
});
