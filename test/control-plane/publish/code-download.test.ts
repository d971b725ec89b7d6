/** Which addresses code is fetched from, how far redirects lead, and what ends a download. */
import type dns from "node:dns";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  CodeDownload,
  nextUrl,
  refuseCodeUrl,
  type DownloadOutcome,
} from "../../../control-plane/publish/code-download.ts";
import { archiveLimits, codeDownloadLimits } from "../../../sdk/code-limits.ts";
import { createEgressPolicy } from "../../../sdk/egress-policy.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

interface Under {
  readonly allow?: readonly string[];
  /** What every name resolves to. */
  readonly resolve?: string;
  readonly totalMs?: number;
}

function open(under: Under = {}): CodeDownload {
  const resolver = ((_name: string, _options: unknown, callback: (error: null, found: object[]) => void) => {
    callback(null, [{ address: under.resolve ?? "127.0.0.1", family: 4 }]);
  }) as unknown as typeof dns.lookup;
  const policy = createEgressPolicy({ allowNetworks: under.allow ?? ["127.0.0.0/8"] });
  return new CodeDownload({
    policy,
    userAgent: "selvage/test",
    resolver,
    ...(under.totalMs === undefined ? {} : { totalMs: under.totalMs }),
  });
}

async function fetchOnce(url: string, under: Under = {}): Promise<DownloadOutcome> {
  const download = open(under);
  try {
    return await download.fetch(url);
  } finally {
    await download.close();
  }
}

const refused = (reason: string): DownloadOutcome => ({ kind: "refused", reason });
const notAllowed = refused("its address is not allowed");

describe("fetch()", () => {
  it("gives the bytes, and says who asks for what", async () => {
    let asked: object = {};
    const url = await listen(({ headers, method, url: target }, response) => {
      asked = { method, target, agent: headers["user-agent"], coding: headers["accept-encoding"] };
      response.end("bytes");
    });
    const outcome = await fetchOnce(`${url}/a.zip?sign=1`);
    expect(outcome).toEqual({ kind: "fetched", bytes: Buffer.from("bytes") });
    expect(asked).toEqual({ method: "GET", target: "/a.zip?sign=1", agent: "selvage/test", coding: "identity" });
  });

  it("connects to no address that is not public, by whatever name or redirect", async () => {
    let asked = 0;
    const inside = await listen((_request, response) => {
      asked++;
      response.end("secret");
    });
    const port = new URL(inside).port;
    expect(await fetchOnce(inside, { allow: [] })).toEqual(notAllowed);
    expect(await fetchOnce(`http://name.example:${port}/`, { allow: [] })).toEqual(notAllowed);
    expect(await fetchOnce(`http://0x7f.1:${port}/`, { allow: [] })).toEqual(notAllowed);
    expect(await fetchOnce("http://[::ffff:10.0.0.1]/")).toEqual(notAllowed);
    expect(await fetchOnce("http://name.example/", { resolve: "169.254.169.254" })).toEqual(notAllowed);
    expect(asked).toBe(0);
    for (const to of ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://[::1]:80/", "http://0/"]) {
      const from = await listen((_request, response) => response.writeHead(302, { location: to }).end());
      expect([to, await fetchOnce(from)]).toEqual([to, notAllowed]);
    }
  });

  it.each([301, 302, 303, 307, 308])("follows a redirect of %i, also a relative one", async (status) => {
    const url = await listen(({ url: target }, response) => {
      if (target === "/b/c.zip") response.end("there");
      else response.writeHead(status, { location: "b/c.zip" }).end();
    });
    expect(await fetchOnce(`${url}/a`)).toEqual({ kind: "fetched", bytes: Buffer.from("there") });
  });

  it("follows as many redirects as allowed and not one more", async () => {
    const url = await listen(({ url: target = "" }, response) => {
      const left = Number(target.slice(1));
      if (left === 0) response.end("end");
      else response.writeHead(302, { location: `/${String(left - 1)}` }).end();
    });
    const { redirectsMax } = codeDownloadLimits;
    expect((await fetchOnce(`${url}/${String(redirectsMax)}`)).kind).toBe("fetched");
    expect(await fetchOnce(`${url}/${String(redirectsMax + 1)}`)).toEqual(
      refused(`it leads to another address more than ${String(redirectsMax)} times`),
    );
  });

  it.each(["file:///etc/passwd", "ftp://127.0.0.1/", "http://user:pass@127.0.0.1/", "data:,x", ""])(
    "follows no redirect to %j",
    async (location) => {
      const url = await listen((_request, response) =>
        response.writeHead(302, location === "" ? {} : { location }).end(),
      );
      expect(await fetchOnce(url)).toEqual(refused("it leads to something that is no address of code"));
    },
  );

  it.each([204, 206, 304, 400, 404, 500])("refuses an answer of %i", async (status) => {
    const url = await listen((_request, response) => response.writeHead(status).end());
    expect(await fetchOnce(url)).toEqual(refused(`it answered ${String(status)}`));
  });

  it("refuses an answer that is compressed, that breaks off, and none", async () => {
    const packed = await listen((_request, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end("x"),
    );
    expect(await fetchOnce(packed)).toEqual(refused("its answer is compressed, allowed: the archive as it is"));
    const broken = await listen((_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("part");
      setImmediate(() => response.destroy());
    });
    expect(await fetchOnce(broken)).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/^no whole answer/),
    });
    expect(await fetchOnce("http://127.0.0.1:1/")).toEqual(refused("no whole answer: ECONNREFUSED"));
  });

  it("takes as many bytes as allowed and not one more, said or not", async () => {
    const { bytesMax } = archiveLimits;
    const url = await listen(({ url: target }, response) => {
      const bytes = Buffer.alloc(target === "/more" ? bytesMax + 1 : bytesMax);
      // In pieces: without a length.
      response.write(bytes.subarray(0, 1_000_000));
      response.end(bytes.subarray(1_000_000));
    });
    expect(await fetchOnce(url)).toMatchObject({ kind: "fetched", bytes: { byteLength: bytesMax } });
    const reason = `it has more bytes than allowed: at most ${String(bytesMax)}`;
    expect(await fetchOnce(`${url}/more`)).toEqual({ kind: "too-large", reason });
    const said = await listen((_request, response) => {
      response.writeHead(200, { "content-length": String(bytesMax + 1) }).flushHeaders();
    });
    expect(await fetchOnce(said)).toEqual({ kind: "too-large", reason });
  });

  it("ends by its time, whether nothing comes or always a little", async () => {
    const silent = await listen(() => {});
    expect(await fetchOnce(silent, { totalMs: 50 })).toEqual(refused("it did not come within 50 ms"));
    const slow = await listen((_request, response) => {
      const timer = setInterval(() => response.write("x"), 5);
      response.on("close", () => {
        clearInterval(timer);
      });
    });
    expect(await fetchOnce(slow, { totalMs: 100 })).toEqual(refused("it did not come within 100 ms"));
  });

  it("runs as many at once as allowed, refuses one more, and takes one again afterwards", async () => {
    const waiting: (() => void)[] = [];
    const url = await listen((_request, response) => {
      waiting.push(() => response.end("x"));
    });
    const download = open();
    const running = Array.from({ length: codeDownloadLimits.atOnceMax }, () => download.fetch(url));
    expect(await download.fetch(url)).toEqual({ kind: "busy" });
    while (waiting.length < running.length) await new Promise((resolve) => setImmediate(resolve));
    for (const answer of waiting) answer();
    expect((await Promise.all(running)).map(({ kind }) => kind)).toEqual(running.map(() => "fetched"));
    const later = await listen((_request, response) => response.end("x"));
    expect((await download.fetch(later)).kind).toBe("fetched");
    await download.close();
  });
});

describe("nextUrl()", () => {
  it("leads from http to https and never back", () => {
    expect(nextUrl("https://b.example/", new URL("http://a.example/"))).toEqual(new URL("https://b.example/"));
    expect(nextUrl("//b.example/c", new URL("https://a.example/"))).toEqual(new URL("https://b.example/c"));
    expect(nextUrl("http://a.example/", new URL("https://a.example/"))).toBe("it leads from https to http");
  });

  it("leads to no address that is longer than allowed", () => {
    const { urlCharsMax } = codeDownloadLimits;
    const long = "https://a.example/".padEnd(urlCharsMax, "x");
    expect(nextUrl(long, new URL("https://a.example/"))).toEqual(new URL(long));
    expect(nextUrl(`${long}x`, new URL("https://a.example/"))).toBe("it leads to something that is no address of code");
  });
});

describe("refuseCodeUrl()", () => {
  it("takes an address as long as allowed, none that is longer, and no other kind", () => {
    const { urlCharsMax } = codeDownloadLimits;
    const url = (length: number): string => "https://a.example/".padEnd(length, "x");
    expect(refuseCodeUrl(url(urlCharsMax))).toBeNull();
    for (const text of [url(urlCharsMax + 1), "", "a.zip", "file:///a.zip", "ftp://a/b", "https://me@a.example/b"]) {
      expect(refuseCodeUrl(text)).toBe(
        `an http or https URL without user name, at most ${String(urlCharsMax)} characters`,
      );
    }
  });
});
