import type net from "node:net";
import { describe, expect, it } from "vitest";
import type { DomainConfig } from "../../../sdk/domain.ts";
import { systemClock, type Clock } from "../../../edge-node/clock.ts";
import { ask, errorCode } from "../support/client.ts";
import { loopbackSource, type Edge } from "../support/edge.ts";
import { freePort } from "../support/origin.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin, rawOrigin } = opensThings();

/** Real timers, and a time that stands still until it is moved: what is put aside for a second stays there however slow the test is. */
class MovedClock implements Clock {
  #nowMs = Date.UTC(2026, 0, 1);
  readonly now = (): number => this.#nowMs;
  readonly monotonicMs = (): number => this.#nowMs;
  readonly after = (delayMs: number, fire: () => void): (() => void) => systemClock.after(delayMs, fire);
  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

/** A primary and a backup. */
function pair(
  primary: number,
  backup: number,
  options: { domain?: Partial<DomainConfig>; clock?: Clock } = {},
): Promise<Edge> {
  const sources = [loopbackSource(primary, { priority: 90 }), loopbackSource(backup, { priority: 10 })];
  return edge({
    domain: { sources, ...options.domain },
    ...(options.clock === undefined ? {} : { front: { clock: options.clock } }),
  });
}

const hangsUp = (socket: net.Socket): void => {
  socket.destroy();
};

const big = "b".repeat(300_000);

describe("a source that is not there", () => {
  it.each([
    ["GET", undefined],
    ["POST", "small"],
    ["POST", big],
  ])("leaves a %s to the next one, with its body", async (method, body) => {
    const backup = await origin((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => response.end(`${request.method} ${text}`));
    });
    const { port } = await pair(await freePort(), backup.port);
    const answer = await ask(port, "/", { method, ...(body === undefined ? {} : { body }) });
    expect(answer.text).toBe(`${method} ${body ?? ""}`);
  });

  it("is not asked any more after three requests, and by one when its time is over, which the backup saves", async () => {
    const clock = new MovedClock();
    const backup = await origin((_request, response) => response.end("backup"));
    const primary = await rawOrigin(hangsUp);
    const { port } = await pair(primary.port, backup.port, { clock });
    for (let request = 0; request < 6; request++) expect((await ask(port, `/${request}`)).text).toBe("backup");
    // Each of the three was sent once more, as if a kept-alive connection had just been closed.
    expect(primary.connections).toBe(6);
    clock.advance(2_000);
    for (let request = 0; request < 6; request++) expect((await ask(port, `/again${request}`)).text).toBe("backup");
    expect(primary.connections).toBe(8);
  });

  it("is asked all the same when there is no other", async () => {
    const primary = await rawOrigin(hangsUp);
    const { port } = await edge({ origins: [primary.port] });
    for (let request = 0; request < 5; request++) {
      expect(errorCode(await ask(port, `/${request}`, { method: "POST", body: "a" }))).toBe("ORIGIN_TRUNCATED");
    }
    expect(primary.connections).toBe(5);
  });
});

describe("a source that hangs up", () => {
  it.each([
    ["GET", {}],
    ["HEAD", {}],
    ["DELETE", {}],
  ])("leaves a %s to the next one", async (method, options) => {
    const backup = await origin((_request, response) => response.end("backup"));
    const primary = await rawOrigin(hangsUp);
    const { port } = await pair(primary.port, backup.port);
    expect((await ask(port, "/", { method, ...options })).status).toBe(200);
    expect(backup.requests).toHaveLength(1);
  });

  it.each(["POST", "PATCH", "PUT"])(
    "keeps a %s, whose body is gone or which may have had its effect",
    async (method) => {
      const backup = await origin((_request, response) => response.end("backup"));
      const primary = await rawOrigin(hangsUp);
      const { port } = await pair(primary.port, backup.port);
      expect(errorCode(await ask(port, "/", { method, body: "a" }))).toBe("ORIGIN_TRUNCATED");
      expect([primary.connections, backup.requests.length]).toEqual([1, 0]);
    },
  );

  it("does not get more than a bounded number of second requests", async () => {
    const primary = await rawOrigin(hangsUp);
    const { port } = await edge({ origins: [primary.port], front: { clock: new MovedClock() } });
    for (let request = 0; request < 30; request++) {
      expect(errorCode(await ask(port, `/${request}`))).toBe("ORIGIN_TRUNCATED");
    }
    expect(primary.connections).toBe(40);
  });
});

describe("a source that answers 502, 503 or 504", () => {
  const unwell = (status: number) => async () =>
    await origin((_request, response) => response.writeHead(status).end(`primary ${status}`));

  it.each([502, 503, 504])("%i leaves a GET to another source that is well", async (status) => {
    const primary = await unwell(status)();
    const backup = await origin((_request, response) => response.end("backup"));
    const { port } = await pair(primary.port, backup.port);
    expect((await ask(port, "/")).text).toBe("backup");
    expect((await ask(port, "/", { method: "HEAD" })).status).toBe(200);
    expect((await ask(port, "/", { method: "DELETE" })).status).toBe(status);
  });

  it.each([
    ["is passed on when there is no other", null],
    ["is passed on when the other cannot be reached", "gone"],
    ["is passed on when the other hangs up", "hangsUp"],
  ])("%s", async (_case, other) => {
    const primary = await unwell(503)();
    const port =
      other === null
        ? (await edge({ origins: [primary.port] })).port
        : (await pair(primary.port, other === "gone" ? await freePort() : (await rawOrigin(hangsUp)).port)).port;
    const answer = await ask(port, "/");
    expect([answer.status, answer.text]).toEqual([503, "primary 503"]);
  });

  it("is put aside only when its health is checked", async () => {
    const primary = await unwell(503)();
    const backup = await origin((_request, response) => response.end("backup"));
    const health_check = {
      status: "on",
      path: "/",
      method: "GET",
      interval: 300,
      timeout: 5,
      expected_status: "2xx",
      healthy_after: 2,
      unhealthy_after: 3,
    } as const;
    for (const [domain, asked] of [
      [{}, 5],
      [{ health_check }, 3],
    ] as const) {
      primary.requests.length = 0;
      const { port } = await pair(primary.port, backup.port, { domain, clock: new MovedClock() });
      for (let request = 0; request < 5; request++) expect((await ask(port, `/${request}`)).text).toBe("backup");
      expect(primary.requests).toHaveLength(asked);
    }
  });

  it("500 and 404 are answers", async () => {
    for (const status of [500, 404]) {
      const primary = await unwell(status)();
      const backup = await origin((_request, response) => response.end("backup"));
      const { port } = await pair(primary.port, backup.port);
      expect((await ask(port, "/")).status).toBe(status);
    }
  });
});

describe("a silent source", () => {
  it("leaves a GET to the next one after the receive timeout, with the time of the connect timeout", async () => {
    const primary = await rawOrigin(() => {});
    const backup = await origin((_request, response) => response.end("backup"));
    const { port } = await pair(primary.port, backup.port, { domain: { origin_receive_timeout: 1 } });
    expect((await ask(port, "/")).text).toBe("backup");
  });

  it("that says every now and then that it is at work has no more time", async () => {
    const primary = await rawOrigin((socket) => {
      const timer = setInterval(() => socket.write("HTTP/1.1 102 Processing\r\n\r\n"), 200);
      socket.on("close", () => clearInterval(timer));
    });
    const { port } = await edge({ origins: [primary.port], domain: { origin_receive_timeout: 1 } });
    expect(errorCode(await ask(port, "/"))).toBe("ORIGIN_TIMEOUT");
  });

  it("within the body breaks off after the idle timeout", async () => {
    const source = await rawOrigin((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"));
    const { port } = await edge({ origins: [source.port], domain: { origin_idle_timeout: 1 } });
    await expect(ask(port, "/")).rejects.toThrow("aborted");
  });
});

it("paths with origins of their own are served by those", async () => {
  const plain = await origin((_request, response) => response.end("plain"));
  const images = await origin((_request, response) => response.end("images"));
  const { port } = await edge({
    origins: [plain.port],
    domain: {
      flexible_origin: [
        {
          match_type: "file_extension",
          match_pattern: ".jpg",
          priority: 1,
          back_sources: [loopbackSource(images.port)],
        },
      ],
    },
  });
  expect((await ask(port, "/a.jpg")).text).toBe("images");
  expect((await ask(port, "/a.css")).text).toBe("plain");
});
