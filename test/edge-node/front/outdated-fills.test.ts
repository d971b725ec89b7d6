/** Answers whose URL is purged or changed while they are on their way: nobody is told that they are kept, and nobody gets them afterwards. */
import type http from "node:http";
import { describe, expect, it } from "vitest";
import type { PurgeTarget } from "../../../sdk/purge.ts";
import { cacheLimits } from "../../../sdk/cdn-limits.ts";
import { ask, type Answer } from "../support/client.ts";
import { DiskEdges, hasWritten, statusOf, type OnDisk } from "../support/disk-edge.ts";
import { ManualClock } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const opened = opensThings();
const edges = new DiskEdges(opened);

interface Held extends OnDisk {
  /** The origin's answers to GET in the order of its requests; other methods are answered at once. */
  readonly answers: http.ServerResponse[];
  /** Once the origin was asked so often. */
  readonly asked: (count: number) => Promise<void>;
}

async function held({ cacheBytesMax = 10_000_000 }: { readonly cacheBytesMax?: number } = {}): Promise<Held> {
  const answers: http.ServerResponse[] = [];
  const source = await opened.origin((request, response) => {
    if (request.method === "GET") answers.push(response);
    else response.end();
  });
  const front = { cacheBytesMax };
  const options = { origins: [source.port], recentBytesMax: 1_000_000, front };
  const on = await edges.frontOn(await temporaryFolder(), options);
  return { ...on, answers, asked: (count) => expect.poll(() => answers.length).toBe(count) };
}

const LENGTH = 8;

/** All, or the first half, of an answer that may be kept. */
function send(
  response: http.ServerResponse | undefined,
  text: string,
  fields: Readonly<Record<string, string>> = {},
): void {
  if (response?.headersSent === false) {
    response.writeHead(200, { "cache-control": "max-age=60", "cache-tag": "red", etag: `"${text}"`, ...fields });
  }
  response?.write(text);
}

const sized = { "content-length": String(LENGTH) } as const;

let sequence = 0;
function purge({ front }: OnDisk, mode: "hard" | "soft", target: PurgeTarget): void {
  front.front.addPurges([{ sequence: ++sequence, mode, target, at: Date.now() }]);
}

const changes: readonly (readonly [string, (here: Held) => Promise<unknown>])[] = [
  ["purged by its URL", async (here) => purge(here, "hard", { kind: "url", domain: "site.test", url: "/a" })],
  ["purged by its tag", async (here) => purge(here, "hard", { kind: "tag", domain: "site.test", tag: "red" })],
  ["purged with everything", async (here) => purge(here, "hard", { kind: "all", domain: null })],
  ["changed by a POST", (here) => ask(here.front.port, "/a", { method: "POST", body: "x" })],
];

const get = ({ front }: Held): Promise<Answer> => ask(front.port, "/a");

/** What the next request gets, which the origin answers with "new body". */
async function next(here: Held): Promise<void> {
  const before = here.answers.length;
  const asking = get(here);
  await here.asked(before + 1);
  send(here.answers[before], "new body", sized);
  here.answers[before]?.end();
  const answer = await asking;
  expect([answer.text, statusOf(answer)]).toEqual([
    "new body",
    expect.stringMatching(/^Selvage; fwd=uri-miss; fwd-status=200; ttl=\d+; stored/),
  ]);
}

describe.each(changes)("an answer that is %s", (name, change) => {
  it("before its head came is not said to be stored, nor served afterwards", { timeout: 60_000 }, async () => {
    const here = await held();
    const asking = get(here);
    await here.asked(1);
    await change(here);
    send(here.answers[0], "old body", sized);
    here.answers[0]?.end();
    const answer = await asking;
    expect([answer.text, statusOf(answer)]).toEqual([
      "old body",
      "Selvage; fwd=uri-miss; fwd-status=200; detail=INVALIDATED",
    ]);
    await next(here);
    expect((await get(here)).text).toBe("new body");
  });

  it.each([
    ["with a length", sized],
    ["without a length", {}],
  ])(
    "while its body comes, %s, is not served afterwards, from memory or disk",
    { timeout: 60_000 },
    async (_name, fields) => {
      for (const cacheBytesMax of [10_000_000, 0]) {
        const here = await held({ cacheBytesMax });
        const asking = get(here);
        await here.asked(1);
        send(here.answers[0], "old ", fields);
        await new Promise((resolve) => setImmediate(resolve));
        await change(here);
        // Whose tags these are is known to the one who fetches it: others wait until it is there.
        const isFirst = fields === sized || !name.includes("tag");
        if (isFirst) await next(here);
        send(here.answers[0], "body");
        here.answers[0]?.end();
        expect((await asking).text).toBe("old body");
        if (!isFirst) await next(here);
        for (let time = 0; time < 3; time++) expect((await get(here)).text).toBe("new body");
      }
    },
  );

  it("is asked for once more for all who wait, who get the new one", { timeout: 60_000 }, async () => {
    const here = await held();
    const leading = get(here);
    await here.asked(1);
    await change(here);
    const waiting = Array.from({ length: 10 }, () => get(here));
    await expect.poll(() => here.front.front.requestsInFlight).toBe(11);
    send(here.answers[0], "old body", sized);
    here.answers[0]?.end();
    expect((await leading).text).toBe("old body");
    await here.asked(2);
    send(here.answers[1], "new body", sized);
    here.answers[1]?.end();
    const texts = (await Promise.all(waiting)).map(({ text }) => text);
    expect(new Set(texts)).toEqual(new Set(["new body"]));
    expect(here.answers).toHaveLength(2);
  });
});

describe("an answer to one who asks alone, changed by a POST meanwhile", () => {
  const shared = { ...sized, "cache-control": "public, max-age=60" };

  it.each([
    ["before its head came", ""],
    ["while its body comes", "old "],
  ])("%s, is not served afterwards", { timeout: 60_000 }, async (_case, before) => {
    const here = await held({ cacheBytesMax: 0 });
    const asking = ask(here.front.port, "/a", { headers: { authorization: "Basic eDp5" } });
    await here.asked(1);
    if (before !== "") send(here.answers[0], before, shared);
    await new Promise((resolve) => setImmediate(resolve));
    await ask(here.front.port, "/a", { method: "POST", body: "x" });
    send(here.answers[0], before === "" ? "old body" : "body", shared);
    here.answers[0]?.end();
    expect((await asking).text).toBe("old body");
    await next(here);
  });

  it("is not served afterwards when it was waited for too long", async () => {
    const clock = new ManualClock();
    const answers: http.ServerResponse[] = [];
    const source = await opened.origin((request, response) => {
      if (request.method === "GET") answers.push(response);
      else response.end();
    });
    const { port, front } = await opened.edge({
      origins: [source.port],
      domain: { origin_receive_timeout: 3_600 },
      front: { clock },
    });
    const leading = ask(port, "/a");
    await expect.poll(() => answers.length).toBe(1);
    const waiting = ask(port, "/a");
    await expect.poll(() => front.requestsInFlight).toBe(2);
    clock.advance(cacheLimits.fillWaitMs);
    await expect.poll(() => answers.length).toBe(2);
    await ask(port, "/a", { method: "POST", body: "x" });
    for (const response of answers) {
      send(response, "old body", sized);
      response.end();
    }
    const details = [statusOf(await leading), statusOf(await waiting)].map((status) => status.split("detail=")[1]);
    expect(details).toEqual(["INVALIDATED", "INVALIDATED"]);
  });
});

describe("an answer that is purged softly while it is on its way", () => {
  it("is kept stale: the next request asks whether it still stands", { timeout: 60_000 }, async () => {
    const here = await held();
    const asking = get(here);
    await here.asked(1);
    purge(here, "soft", { kind: "url", domain: "site.test", url: "/a" });
    send(here.answers[0], "old body", sized);
    here.answers[0]?.end();
    expect(statusOf(await asking)).toBe("Selvage; fwd=uri-miss; fwd-status=200; ttl=0; stored");
    const again = get(here);
    await here.asked(2);
    expect(here.answers[1]?.req.headers["if-none-match"]).toBe('"old body"');
    here.answers[1]?.writeHead(304).end();
    expect((await again).text).toBe("old body");
  });
});

describe("a stored answer that is purged while requests wait for its confirmation", () => {
  const noCache = { headers: { "cache-control": "no-cache" } };

  /** One who asks the origin whether the stored "old body" still stands, and one who waits for that; then it is purged. */
  async function purgedMeanwhile(here: Held, body: string = "old body"): Promise<readonly Promise<Answer>[]> {
    const first = get(here);
    await here.asked(1);
    send(here.answers[0], body, { "content-length": String(body.length), etag: '"old"' });
    here.answers[0]?.end();
    await first;
    await hasWritten(here.store, 1);
    const leading = ask(here.front.port, "/a", noCache);
    await here.asked(2);
    const waiting = ask(here.front.port, "/a", noCache);
    await expect.poll(() => here.front.front.requestsInFlight).toBe(2);
    await new Promise((resolve) => setImmediate(resolve));
    purge(here, "hard", { kind: "tag", domain: "site.test", tag: "red" });
    return [leading, waiting];
  }

  it.each([
    ["is confirmed", (response: http.ServerResponse) => response.writeHead(304).end()],
    [
      "cannot be shared any more",
      (response: http.ServerResponse) => response.writeHead(200, { "cache-control": "no-store" }).end("old body"),
    ],
  ])("and %s: who waited asks for all of the new one", { timeout: 60_000 }, async (_case, answer) => {
    const here = await held();
    const [leading, waiting] = await purgedMeanwhile(here);
    if (here.answers[1] !== undefined) answer(here.answers[1]);
    expect((await leading)?.text).toBe("old body");
    await here.asked(3);
    expect(here.answers[2]?.req.headers["if-none-match"]).toBeUndefined();
    send(here.answers[2], "new body", sized);
    here.answers[2]?.end();
    expect((await waiting)?.text).toBe("new body");
  });

  it("and is long and on the disk: who waited asks for all of the new one", { timeout: 60_000 }, async () => {
    const here = await held({ cacheBytesMax: 0 });
    const [leading, waiting] = await purgedMeanwhile(here, "x".repeat(8_000_000));
    here.answers[1]?.writeHead(304).end();
    await leading;
    await here.asked(3);
    expect(here.answers[2]?.req.headers["if-none-match"]).toBeUndefined();
    send(here.answers[2], "new body", sized);
    here.answers[2]?.end();
    expect((await waiting)?.text).toBe("new body");
  });
});

describe("a stored answer that is purged while the origin confirms it", () => {
  it("is not kept, nor served afterwards", { timeout: 60_000 }, async () => {
    const here = await held();
    const first = get(here);
    await here.asked(1);
    send(here.answers[0], "old body", { ...sized, "cache-control": "max-age=60" });
    here.answers[0]?.end();
    await first;
    const confirming = ask(here.front.port, "/a", { headers: { "cache-control": "no-cache" } });
    await here.asked(2);
    purge(here, "hard", { kind: "all", domain: null });
    here.answers[1]?.writeHead(304).end();
    expect(statusOf(await confirming)).not.toMatch(/ttl=|stored/);
    await next(here);
  });
});

describe("an answer that was asked for before the one that stands there", () => {
  const noCache = { "cache-control": "no-cache" };
  /** Not shared while it is on its way, although the answer may be. */
  const alone = { headers: { ...noCache, authorization: "Basic eDp5" } };

  async function nextMillisecond(): Promise<void> {
    const now = Date.now();
    while (Date.now() === now) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The origin's answer to its request of this number. */
  function end(here: Held, index: number, fields: Readonly<Record<string, string>> = {}, text = "new body"): void {
    send(here.answers[index], text, { ...sized, "cache-control": "public, max-age=60", ...fields });
    here.answers[index]?.end();
  }

  async function isNew(here: Held): Promise<void> {
    const after = await get(here);
    expect([after.text, statusOf(after)]).toEqual(["new body", expect.stringMatching(/^Selvage; hit/)]);
  }

  it.each<[string, Readonly<Record<string, string>>]>([
    ["does not take its place", {}],
    ["does not take its place, nor that of its variants", { vary: "Accept" }],
  ])("%s, also after a change of the URL", { timeout: 60_000 }, async (_case, fields) => {
    for (const changes of [true, false]) {
      const here = await held();
      const late = ask(here.front.port, "/a", alone);
      await here.asked(1);
      await nextMillisecond();
      if (changes) await ask(here.front.port, "/a", { method: "POST", body: "x" });
      await nextMillisecond();
      const asking = get(here);
      await here.asked(2);
      end(here, 1, fields);
      await asking;
      end(here, 0, {}, "old body");
      const answer = await late;
      expect([answer.text, statusOf(answer)]).toEqual(["old body", expect.stringMatching(/detail=INVALIDATED$/)]);
      await isNew(here);
    }
  });

  it.each<[string, string, (response: http.ServerResponse) => unknown]>([
    ["is confirmed", "max-age=60", (response) => response.writeHead(304).end()],
    [
      "is confirmed and not to be kept any more",
      "max-age=60",
      (response) => response.writeHead(304, { "cache-control": "no-store" }).end(),
    ],
    ["is sent because the origin fails", "max-age=0, stale-if-error=60", (response) => response.writeHead(503).end()],
  ])("does not come back when it %s", { timeout: 60_000 }, async (_case, control, reply) => {
    for (const cacheBytesMax of [10_000_000, 0]) {
      const here = await held({ cacheBytesMax });
      const first = get(here);
      await here.asked(1);
      end(here, 0, { "cache-control": control }, "old body");
      await first;
      await hasWritten(here.store, 1);
      const late = ask(here.front.port, "/a", { headers: noCache });
      await here.asked(2);
      await nextMillisecond();
      const asking = ask(here.front.port, "/a", alone);
      await here.asked(3);
      end(here, 2);
      await asking;
      await hasWritten(here.store, 2);
      if (here.answers[1] !== undefined) reply(here.answers[1]);
      expect((await late).text).toBe("old body");
      await isNew(here);
    }
  });
});
