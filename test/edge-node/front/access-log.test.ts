/** What a front's access log says of real requests. */
import { describe, expect, it } from "vitest";
import { AccessLog } from "../../../edge-node/access-log/access-log.ts";
import { systemClock } from "../../../edge-node/clock.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import { ask, rawExchange } from "../support/client.ts";
import type { Edge, EdgeOptions } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import { askHttp1, askHttp2, HOST } from "../support/tls-client.ts";

const opened = opensThings();

interface Logged extends Edge {
  /** All lines so far. */
  readonly lines: () => Promise<readonly Record<string, unknown>[]>;
}

async function loggedEdge(options: EdgeOptions): Promise<Logged> {
  let text = "";
  const output = {
    write: (lines: string) => {
      text += lines;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  const log = new AccessLog({ node: "n", output, clock: systemClock, random: () => 0.5, logger: silentLogger });
  const edge = await opened.edge({
    ...options,
    domain: { access_log: { status: "on", sampling: 1 }, ...options.domain },
    front: { accessLog: log, ...options.front },
  });
  const lines = async (): Promise<readonly Record<string, unknown>[]> => {
    await expect.poll(() => edge.front.requestsInFlight).toBe(0);
    await log.flush();
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { ...edge, lines };
}

describe("the access log of a front", () => {
  it("tells a miss from a hit, with the bytes that were sent and what the origin took", async () => {
    const origin = await opened.origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.end("hello");
    });
    const { port, lines } = await loggedEdge({ origins: [origin.port] });
    await ask(port, "/a?b", { headers: { "user-agent": "test" } });
    await ask(port, "/a?b");
    await ask(port, "/a?b", { method: "HEAD" });
    const [miss, hit, head] = await lines();
    const common = {
      node: "n",
      domain: "site.test",
      clientIp: "127.0.0.1",
      scheme: "http",
      protocol: "http/1.1",
      tls: null,
    };
    expect(miss).toMatchObject({
      ...common,
      path: "/a",
      query: "?b",
      status: 200,
      bytes: 5,
      cache: "miss",
      userAgent: "test",
    });
    expect(miss).toMatchObject({ origin: `http://127.0.0.1:${origin.port}`, originMs: expect.any(Number) as number });
    expect(hit).toMatchObject({ ...common, status: 200, bytes: 5, cache: "hit", origin: "", originMs: null });
    expect(head).toMatchObject({ method: "HEAD", status: 200, bytes: 0, cache: "hit" });
  });

  it("has the bytes of answers that are streamed, and 502 with its code", async () => {
    const body = Buffer.alloc(1_000_000, "x");
    const large = await opened.origin((_request, response) => void response.end(body));
    const broken = await opened.rawOrigin((socket) => void socket.end("nonsense\r\n\r\n"));
    const first = await loggedEdge({ origins: [large.port] });
    await ask(first.port, "/");
    expect((await first.lines())[0]).toMatchObject({ bytes: 1_000_000, status: 200 });
    const second = await loggedEdge({ origins: [broken.port], domain: { access_log: { status: "on", sampling: 0 } } });
    await ask(second.port, "/");
    expect((await second.lines())[0]).toMatchObject({ status: 502, error: "ORIGIN_MALFORMED" });
  });

  it("keeps none for domains without access_log, and for hosts that are not served", async () => {
    const edge = await loggedEdge({});
    const { port, lines } = edge;
    await ask(port, "/", { host: "other.test" });
    edge.route({ domain: { access_log: { status: "off", sampling: 1 } } });
    await ask(port, "/");
    edge.route({});
    await ask(port, "/");
    await rawExchange(port, "GET /\r\n\r\n");
    expect(await lines()).toEqual([]);
  });

  it("says how a request came over TLS", async () => {
    const origin = await opened.origin((_request, response) => void response.end("hello"));
    const { tlsPort, lines } = await loggedEdge({
      origins: [origin.port],
      certificates: ["www"],
      domain: { domain: HOST },
    });
    await askHttp1(tlsPort, "/1");
    await askHttp2(tlsPort, "/2");
    const found = await lines();
    expect(found.map(({ path, protocol, tls, scheme, bytes }) => [path, protocol, tls, scheme, bytes])).toEqual([
      ["/1", "http/1.1", "TLSv1.3", "https", 5],
      ["/2", "h2", "TLSv1.3", "https", 5],
    ]);
  });
});
