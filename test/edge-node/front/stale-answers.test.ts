import { once } from "node:events";
import http from "node:http";
import { describe, expect, it } from "vitest";
import type { PurgeJudgement } from "../../../edge-node/cache/purge-view.ts";
import { ask, errorCode, type Answer } from "../support/client.ts";
import { ManualClock, type Edge, type EdgeOptions } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import type { Origin } from "../support/origin.ts";

const { edge, origin } = opensThings();

type Reply = (request: http.IncomingMessage, response: http.ServerResponse) => void;

interface Scene extends Edge {
  readonly clock: ManualClock;
  readonly source: Origin;
  /** What the origin does from now on. */
  readonly reply: (next: Reply) => void;
}

/** A front with a clock that stands, before an origin without a clock. */
async function scene(first: Reply, options: EdgeOptions = {}): Promise<Scene> {
  const clock = new ManualClock();
  let current = first;
  const source = await origin((request, response) => {
    response.sendDate = false;
    current(request, response);
  });
  const opened = await edge({ origins: [source.port], ...options, front: { clock, ...options.front } });
  const reply = (next: Reply): void => {
    current = next;
  };
  return { ...opened, clock, source, reply };
}

function sends(body: string, headers: Readonly<Record<string, string>>, status = 200): Reply {
  return (_request, response) => response.writeHead(status, { "content-length": body.length, ...headers }).end(body);
}

/** 304 when the request names this tag, else 200 with `body`. */
function confirms(etag: string, body: string, headers: Readonly<Record<string, string>>): Reply {
  return (request, response) => {
    const isSame = request.headers["if-none-match"] === etag;
    if (isSame) response.writeHead(304, { etag, ...headers }).end();
    else sends(body, { etag, ...headers })(request, response);
  };
}

const status = ({ headers }: Answer): unknown => headers["cache-status"];

describe("a stale answer with a validator:", () => {
  it("is confirmed by the origin, updated, and fresh again", async () => {
    const { port, clock, source, reply } = await scene(
      confirms('"a"', "one", { "cache-control": "max-age=10", "x-version": "1", "content-type": "text/x" }),
    );
    await ask(port, "/");
    reply(confirms('"a"', "two", { "cache-control": "max-age=20", "x-version": "2", "content-type": "text/y" }));
    clock.advance(10_000);
    const confirmed = await ask(port, "/");
    expect([
      confirmed.status,
      confirmed.text,
      confirmed.headers["x-version"],
      confirmed.headers["content-type"],
    ]).toEqual([200, "one", "2", "text/x"]);
    expect([status(confirmed), confirmed.headers.age]).toEqual(["Selvage; fwd=stale; fwd-status=304; ttl=20", "0"]);
    clock.advance(19_999);
    expect(status(await ask(port, "/"))).toBe("Selvage; hit; ttl=0");
    expect(source.requests).toHaveLength(2);
  });

  it("gives way to a new one", async () => {
    const { port, clock, reply } = await scene(confirms('"a"', "one", { "cache-control": "max-age=10" }));
    await ask(port, "/");
    reply(confirms('"b"', "two", { "cache-control": "max-age=10" }));
    clock.advance(10_000);
    const answer = await ask(port, "/");
    expect([answer.text, status(answer)]).toEqual(["two", "Selvage; fwd=stale; fwd-status=200; ttl=10; stored"]);
  });

  it("is not confirmed by a 304 about something else, which is asked about once more", async () => {
    const { port, clock, reply, source } = await scene(confirms('"a"', "one", { "cache-control": "max-age=10" }));
    await ask(port, "/");
    reply((request, response) => {
      const isFirst = request.headers["if-none-match"] !== undefined;
      response.writeHead(isFirst ? 304 : 200, { etag: '"b"', "cache-control": "max-age=10" }).end(isFirst ? "" : "two");
    });
    clock.advance(10_000);
    expect((await ask(port, "/")).text).toBe("two");
    expect(source.requests).toHaveLength(3);
    clock.advance(10_000);
    reply(sends("", { etag: '"c"' }, 304));
    expect(errorCode(await ask(port, "/"))).toBe("ORIGIN_MALFORMED");
  });

  it("many clients make one request for its confirmation", async () => {
    const { port, clock, source, reply } = await scene(confirms('"a"', "one", { "cache-control": "max-age=10" }));
    await ask(port, "/");
    clock.advance(10_000);
    const held = Promise.withResolvers<void>();
    reply((request, response) => {
      void held.promise.then(() => confirms('"a"', "two", { "cache-control": "max-age=10" })(request, response));
    });
    const asked = Array.from({ length: 20 }, () => ask(port, "/"));
    await expect.poll(() => source.requests.length).toBe(2);
    held.resolve();
    expect(new Set((await Promise.all(asked)).map(({ text }) => text))).toEqual(new Set(["one"]));
    expect(source.requests).toHaveLength(2);
  });

  it("no-cache asks the origin each time, and sends a body once", async () => {
    const { port, source } = await scene(confirms('"a"', "one", { "cache-control": "no-cache" }));
    for (let round = 0; round < 3; round++) expect((await ask(port, "/")).text).toBe("one");
    expect(source.requests.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, '"a"', '"a"']);
  });

  it("originResponse functions keep their say: only the time begins anew", async () => {
    const { port, clock, driver } = await scene(
      confirms('"a"', "one", { "cache-control": "max-age=10", "x-made": "origin" }),
      {
        functions: {
          make: ({ response }) => ({
            kind: "response",
            status: 200,
            headers: (response?.headers ?? "").replace("x-made:origin", "x-made:function"),
            body: { kind: "same" },
          }),
        },
        rules: [{ phase: "originResponse", function: "make" }],
      },
    );
    await ask(port, "/");
    clock.advance(10_000);
    const answer = await ask(port, "/");
    expect(answer.headers["cache-status"]).toContain("fwd-status=304");
    expect([answer.text, answer.headers["x-made"]]).toEqual(["one", "function"]);
    expect(driver.invocations).toHaveLength(1);
  });
});

describe("stale-while-revalidate:", () => {
  const renewable = { "cache-control": "max-age=10, stale-while-revalidate=30" };

  it("the stale answer goes out at once, one renewal brings the next", async () => {
    const { port, clock, source, reply } = await scene(sends("one", renewable));
    await ask(port, "/");
    const held = Promise.withResolvers<void>();
    reply((request, response) => void held.promise.then(() => sends("two", renewable)(request, response)));
    clock.advance(15_000);
    for (let round = 0; round < 3; round++) {
      const answer = await ask(port, "/");
      expect([answer.text, status(answer)]).toEqual(["one", "Selvage; hit; ttl=-5; detail=STALE_WHILE_REVALIDATE"]);
    }
    held.resolve();
    await expect.poll(async () => (await ask(port, "/")).text).toBe("two");
    expect(source.requests).toHaveLength(2);
  });

  it("beyond its window clients wait for the origin", async () => {
    const { port, clock, reply } = await scene(sends("one", renewable));
    await ask(port, "/");
    reply(sends("two", renewable));
    clock.advance(40_000);
    expect((await ask(port, "/")).text).toBe("two");
  });

  it("the client that brings it about may leave: the renewal goes on", async () => {
    const { port, clock, reply, source } = await scene(sends("one", renewable));
    await ask(port, "/");
    reply((_request, response) => {
      response.writeHead(200, renewable).write("tw");
      setTimeout(() => response.end("o"), 20);
    });
    clock.advance(15_000);
    const request = http.get({ port, host: "127.0.0.1", path: "/", agent: false, headers: { host: "site.test" } });
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    response.destroy();
    await expect.poll(async () => (await ask(port, "/")).text).toBe("two");
    expect(source.requests).toHaveLength(2);
  });

  it("a renewal carries neither the client's condition nor its range", async () => {
    const { port, clock, source } = await scene(confirms('"a"', "one", renewable));
    await ask(port, "/");
    clock.advance(15_000);
    const headers = { "if-none-match": '"z"', range: "bytes=0-1" };
    expect((await ask(port, "/", { headers })).status).toBe(206);
    await expect.poll(() => source.requests.length).toBe(2);
    expect(source.requests[1]?.headers).toMatchObject({ "if-none-match": '"a"' });
    expect(source.requests[1]?.headers.range).toBeUndefined();
  });
});

describe("when the origin fails", () => {
  const lost: Reply = (_request, response) => void response.destroy();
  const unwell = sends("sorry", {}, 503);

  it.each<[string, string, Reply, number, string]>([
    ["is lost: within an hour", "max-age=10", lost, 200, "one"],
    ["is lost: not if every use must be confirmed", "max-age=10, must-revalidate", lost, 502, ""],
    ["is lost: not if it is for shared caches only", "s-maxage=10", lost, 502, ""],
    ["is lost: not if the origin forbade it", "max-age=10, stale-if-error=0", lost, 502, ""],
    ["answers 503: not unless the origin allowed it", "max-age=10", unwell, 503, "sorry"],
    ["answers 503: as long as the origin allowed", "max-age=10, stale-if-error=20", unwell, 200, "one"],
    ["answers 503: no longer", "max-age=10, stale-if-error=4", unwell, 503, "sorry"],
  ])("a stale answer is used when it %s", async (_case, control, failing, expected, text) => {
    const { port, clock, reply } = await scene(sends("one", { "cache-control": control }));
    await ask(port, "/");
    reply(failing);
    clock.advance(15_000);
    const answer = await ask(port, "/");
    expect(answer.status).toBe(expected);
    expect(answer.text).toContain(text);
    const isStale = /^Selvage; fwd=stale;.* ttl=-5; detail=STALE_IF_ERROR$/.test(String(status(answer)));
    expect(isStale).toBe(text === "one");
  });

  it("for some seconds nobody waits for it any more", async () => {
    const { port, clock, reply, source } = await scene(sends("one", { "cache-control": "max-age=10" }));
    await ask(port, "/");
    reply(unwell);
    reply(lost);
    clock.advance(15_000);
    await ask(port, "/");
    const before = source.requests.length;
    reply(() => {});
    const answer = await ask(port, "/");
    expect([answer.text, status(answer)]).toEqual(["one", "Selvage; hit; ttl=-5; detail=STALE_WHILE_REVALIDATE"]);
    await expect.poll(() => source.requests.length).toBe(before + 1);
  });

  it("errors are kept as long as the domain says, others not", async () => {
    const { port, clock, source } = await scene(
      (request, response) => sends("x", {}, request.url === "/gone" ? 404 : 500)(request, response),
      { domain: { error_code_cache: [{ code: 404, ttl: 5 }] } },
    );
    for (const path of ["/gone", "/gone", "/broken", "/broken"]) await ask(port, path);
    expect(source.requests.map(({ url }) => url)).toEqual(["/gone", "/broken", "/broken"]);
    clock.advance(5_000);
    expect(status(await ask(port, "/gone"))).toContain("fwd=stale");
  });
});

describe("purges:", () => {
  it.each<[PurgeJudgement, string]>([
    ["kept", "Selvage; hit; ttl=9"],
    ["stale", "Selvage; fwd=stale; fwd-status=304; ttl=10"],
    ["gone", "Selvage; fwd=uri-miss; fwd-status=200; ttl=10; stored"],
  ])("an answer that is %s: %s", async (judgement, expected) => {
    const subjects: unknown[] = [];
    let purgedAt = 0;
    const purges = {
      isEmpty: false,
      judge: (subject: { readonly requestedAt: number }) => {
        subjects.push(subject);
        return subject.requestedAt <= purgedAt ? judgement : "kept";
      },
    };
    const { port, source, clock } = await scene(
      confirms('"a"', "one", { "cache-control": "max-age=10", "cache-tag": "red, blue" }),
      { front: { purges } },
    );
    const first = await ask(port, "/a?b=1");
    expect(first.headers["cache-tag"]).toBeUndefined();
    purgedAt = clock.now();
    clock.advance(1);
    expect(status(await ask(port, "/a?b=1"))).toBe(expected);
    expect(subjects[0]).toMatchObject({
      domain: "site.test",
      path: "/a",
      query: "?b=1",
      tags: ["red", "blue"],
      requestedAt: Date.UTC(2026, 0, 1),
    });
    expect(source.requests).toHaveLength(judgement === "kept" ? 1 : 2);
  });
});
