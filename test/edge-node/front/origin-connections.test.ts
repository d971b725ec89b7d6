import http from "node:http";
import { describe, expect, it } from "vitest";
import { ask, errorCode, rawExchange, type Answer } from "../support/client.ts";
import { loopbackSource } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin, rawOrigin } = opensThings();

/** Ends what is held when told. */
function held(): {
  readonly handle: http.RequestListener;
  readonly waiting: http.ServerResponse[];
  readonly release: () => void;
} {
  const waiting: http.ServerResponse[] = [];
  return {
    waiting,
    handle: (_request, response) => waiting.push(response),
    release: () => {
      for (const response of waiting.splice(0)) response.end("done");
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("connections to an origin", () => {
  it("are used again: one for a hundred requests one after the other", async () => {
    const sockets = new Set<unknown>();
    const source = await origin((request, response) => {
      sockets.add(request.socket);
      response.end("x".repeat(1_000));
    });
    const { port } = await edge({ origins: [source.port] });
    for (let request = 0; request < 100; request++) expect((await ask(port, `/${request}`)).status).toBe(200);
    expect(sockets.size).toBe(1);
  });

  it("are as many as the source allows; further requests wait for one and are served in turn", async () => {
    const { handle, waiting, release } = held();
    const source = await origin(handle);
    const { port } = await edge({ domain: { sources: [loopbackSource(source.port, { max_connections: 2 })] } });
    const answers = Array.from({ length: 6 }, (_, index) => ask(port, `/${index}`));
    for (let round = 0; round < 3; round++) {
      await until(() => waiting.length === 2);
      expect(source.requests).toHaveLength((round + 1) * 2);
      release();
    }
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(Array(6).fill("done"));
    expect(new Set(source.requests.map(({ socket }) => socket)).size).toBe(2);
  });

  it("that do not become free within the connect timeout give 503, or the next source", async () => {
    const { handle, waiting, release } = held();
    const source = await origin(handle);
    const backup = await origin((_request, response) => response.end("backup"));
    const primary = loopbackSource(source.port, { max_connections: 1, priority: 90 });
    const running = await edge({ domain: { sources: [primary], origin_connect_timeout: 1 } });
    const { port } = running;
    const first = ask(port, "/first");
    await until(() => waiting.length === 1);
    const second = await ask(port, "/second");
    expect([second.status, errorCode(second)]).toEqual([503, "ORIGIN_OVERLOADED"]);
    running.route({
      domain: { sources: [primary, loopbackSource(backup.port, { priority: 10 })], origin_connect_timeout: 1 },
    });
    expect((await ask(port, "/third", { method: "POST", body: "a" })).text).toBe("backup");
    release();
    expect((await first).text).toBe("done");
    expect(source.requests).toHaveLength(1);
  });

  it("are given back by clients that leave, while they wait and while they are served", async () => {
    const { handle, waiting, release } = held();
    const source = await origin(handle);
    const { port, front } = await edge({ domain: { sources: [loopbackSource(source.port, { max_connections: 1 })] } });
    const leaving = (path: string): http.ClientRequest => {
      const request = http.get({ port, path, headers: { host: "site.test" }, agent: false });
      request.on("error", () => {});
      return request;
    };
    const served = leaving("/served");
    await until(() => waiting.length === 1);
    const waits = leaving("/waits");
    await until(() => front.requestsInFlight === 2);
    waits.destroy();
    served.destroy();
    await until(() => front.requestsInFlight === 0);
    const answer = ask(port, "/next");
    await until(() => waiting.length === 2);
    release();
    expect((await answer).text).toBe("done");
    expect(source.requests.map(({ url }) => url)).toEqual(["/served", "/next"]);
  });

  it.each([
    ["empty answer", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["answer that breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"],
    ["answer that is no HTTP", "nonsense\r\n\r\n"],
    ["connection that ends", ""],
  ])("are given back after an %s", async (_case, text) => {
    const source = await rawOrigin((socket) => socket.end(text));
    const { port } = await edge({ domain: { sources: [loopbackSource(source.port, { max_connections: 1 })] } });
    for (let request = 0; request < 4; request++) {
      const answer = await ask(port, `/${request}`, { method: "POST" }).catch(() => null);
      expect(answer === null || answer.status === 204 || errorCode(answer) !== "ORIGIN_OVERLOADED").toBe(true);
    }
    expect(source.connections).toBe(4);
  });
});

describe("Range", () => {
  const data = "0123456789";
  const ranged: http.RequestListener = (request, response) => {
    if (request.headers.range === undefined) response.writeHead(200, { "cache-control": "max-age=60" }).end(data);
    else response.writeHead(206, { "content-range": "bytes 2-4/10", "cache-control": "max-age=60" }).end("234");
  };
  const asks = (port: number): Promise<Answer> =>
    ask(port, "/", { headers: { range: "bytes=2-4", "if-range": '"a"' } });

  it("goes to the origin when the domain passes it, whose part is not kept", async () => {
    const source = await origin(ranged);
    const { port } = await edge({ origins: [source.port], domain: { origin_range_status: "on" } });
    const answer = await asks(port);
    expect([answer.status, answer.text, answer.headers["content-range"]]).toEqual([206, "234", "bytes 2-4/10"]);
    expect(source.requests[0]?.headers).toMatchObject({ range: "bytes=2-4", "if-range": '"a"' });
    expect((await ask(port, "/")).text).toBe(data);
  });

  it("does not reach the origin otherwise, which is asked for the whole", async () => {
    const source = await origin(ranged);
    const { port } = await edge({ origins: [source.port] });
    await asks(port);
    expect(source.requests[0]?.headers).not.toHaveProperty("range");
    expect(source.requests[0]?.headers).not.toHaveProperty("if-range");
  });
});

describe("Expect: 100-continue", () => {
  const head = (length: number): string =>
    `POST / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

  it("is answered by the node, and the origin gets the body without it", async () => {
    const source = await origin((request, response) => {
      request.resume();
      request.on("end", () => response.end("taken"));
    });
    const { port } = await edge({ origins: [source.port] });
    const text = await rawExchange(port, head(3), "abc");
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(source.requests[0]?.headers).not.toHaveProperty("expect");
  });

  it("is answered before anything looks at the request, so that a refusal follows it", async () => {
    const { port } = await edge();
    expect(await rawExchange(port, head(1e12))).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 413 /);
  });
});
