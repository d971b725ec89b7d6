/** Several parts of one answer (RFC 9110 §14.6): from memory, from the disk and while it arrives; and what is answered with the whole. */
import { describe, expect, it } from "vitest";
import { ask, type Answer } from "../support/client.ts";
import { bodyOf } from "../support/disk-bodies.ts";
import { DiskEdges, hasWritten, statusOf, type Reply } from "../support/disk-edge.ts";
import type { Edge } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const opened = opensThings();
const body = bodyOf(1, 300_000);
const LENGTH = body.byteLength;

/** `fields`: of the answer beside those that make it worth keeping. */
function replyWith(fields: Readonly<Record<string, string>> = {}): Reply {
  return (_request, response) => {
    response.writeHead(200, {
      "cache-control": "max-age=60",
      "content-type": "text/x; v=1",
      "content-length": String(LENGTH),
      etag: '"a"',
      ...fields,
    });
    response.end(body);
  };
}

async function askParts(
  { port }: Edge,
  range: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return await ask(port, "/", { headers: { range, ...headers } });
}

interface Part {
  readonly type: string | undefined;
  readonly range: string | undefined;
  readonly bytes: Buffer;
}

/** Reads the message by its boundary; throws when it is framed wrongly. */
function partsOf(answer: Answer): readonly Part[] {
  const boundary = /^multipart\/byteranges; boundary=([0-9a-z]{20,70})$/.exec(
    String(answer.headers["content-type"]),
  )?.[1];
  if (boundary === undefined) throw new Error(`No boundary in ${answer.headers["content-type"]}`);
  const pieces = `\r\n${answer.body.toString("latin1")}`.split(`\r\n--${boundary}`);
  expect([pieces[0], pieces.at(-1)]).toEqual(["", "--\r\n"]);
  return pieces.slice(1, -1).map((piece) => {
    const end = piece.indexOf("\r\n\r\n");
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: (.*)$`, "m").exec(piece.slice(0, end).replaceAll("\r", ""))?.[1];
    return {
      type: field("Content-Type"),
      range: field("Content-Range"),
      bytes: Buffer.from(piece.slice(end + 4), "latin1"),
    };
  });
}

/** That the answer is exactly these parts, each a [from, to) of the body. */
function expectParts(answer: Answer, ranges: readonly (readonly [from: number, to: number])[]): void {
  expect(answer.status).toBe(206);
  expect(answer.headers["content-range"]).toBeUndefined();
  expect(answer.headers["content-length"]).toBe(String(answer.body.byteLength));
  expect(answer.headers.etag).toBe('"a"');
  const parts = partsOf(answer);
  expect(parts.map(({ type, range }) => [type, range])).toEqual(
    ranges.map(([from, to]) => ["text/x; v=1", `bytes ${from}-${to - 1}/${LENGTH}`]),
  );
  for (const [index, [from, to]] of ranges.entries()) {
    expect(parts[index]?.bytes.equals(body.subarray(from, to))).toBe(true);
  }
}

const sets: readonly (readonly [string, readonly (readonly [number, number])[]])[] = [
  [
    "bytes=0-0,-1",
    [
      [0, 1],
      [LENGTH - 1, LENGTH],
    ],
  ],
  [
    "bytes=10-19, 65530-131080, 200000-",
    [
      [10, 20],
      [65_530, 131_081],
      [200_000, LENGTH],
    ],
  ],
  [
    "bytes=1-3,2-5,100-200,999999-",
    [
      [1, 6],
      [100, 201],
    ],
  ],
];

describe("several parts", { timeout: 180_000 }, () => {
  it.each(sets)("%s come from memory", async (range, ranges) => {
    const source = await opened.origin(replyWith());
    const edge = await opened.edge({ origins: [source.port] });
    await ask(edge.port, "/");
    const answer = await askParts(edge, range);
    expectParts(answer, ranges);
    expect(statusOf(answer)).toMatch(/^Selvage; hit; ttl=\d+$/);
    expect(source.requests).toHaveLength(1);
  });

  it.each(sets)("%s come from the disk", async (range, ranges) => {
    const source = await opened.origin(replyWith());
    const front = { cacheBytesMax: 0 };
    const options = { origins: [source.port], recentBytesMax: 10_000_000, front };
    const { front: edge, store } = await new DiskEdges(opened).frontOn(await temporaryFolder(), options);
    await ask(edge.port, "/");
    await hasWritten(store, 1);
    for (let time = 0; time < 3; time++) {
      const answer = await askParts(edge, range);
      expectParts(answer, ranges);
      expect(statusOf(answer)).toContain("detail=DISK");
    }
    expect(source.requests).toHaveLength(1);
  });

  it.each(sets)("%s come from what arrives, which is kept whole", async (range, ranges) => {
    const source = await opened.origin(replyWith());
    const edge = await opened.edge({ origins: [source.port] });
    expectParts(await askParts(edge, range), ranges);
    expect(source.requests[0]?.headers).not.toHaveProperty("range");
    const whole = await ask(edge.port, "/");
    expect([whole.status, whole.body.equals(body)]).toEqual([200, true]);
    expect(source.requests).toHaveLength(1);
  });

  it("need the validator that If-Range names", async () => {
    const source = await opened.origin(replyWith());
    const edge = await opened.edge({ origins: [source.port] });
    await ask(edge.port, "/");
    expect((await askParts(edge, "bytes=0-0,5-5", { "if-range": '"a"' })).status).toBe(206);
    expect((await askParts(edge, "bytes=0-0,5-5", { "if-range": '"b"' })).status).toBe(200);
  });

  it("say nothing of a type that the answer does not have", async () => {
    const source = await opened.origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.end("0123456789");
    });
    const edge = await opened.edge({ origins: [source.port] });
    const parts = partsOf(await askParts(edge, "bytes=0-1,4-5"));
    expect(parts.map(({ type, bytes }) => [type, bytes.toString()])).toEqual([
      [undefined, "01"],
      [undefined, "45"],
    ]);
  });

  it("break off visibly when the body does", async () => {
    const source = await opened.rawOrigin((socket) => {
      socket.end("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\n01234");
    });
    const edge = await opened.edge({ origins: [source.port] });
    await expect(askParts(edge, "bytes=0-1,6-7")).rejects.toThrow(/./);
  });

  it("that lie beyond the body are 416", async () => {
    const source = await opened.origin(replyWith());
    const edge = await opened.edge({ origins: [source.port] });
    const answer = await askParts(edge, `bytes=${LENGTH}-,999999-`);
    expect([answer.status, answer.headers["content-range"]]).toEqual([416, `bytes */${LENGTH}`]);
  });
});

describe("the whole is sent once", { timeout: 180_000 }, () => {
  it.each([
    [
      "for more parts than the bound",
      `bytes=${Array.from({ length: 17 }, (_, index) => `${index * 2}-${index * 2}`).join()}`,
    ],
    ["for parts that are not in order", "bytes=100-200,0-50"],
    ["for a part asked for again after others", "bytes=0-100000,200000-250000,0-100000"],
    ["for a field that cannot be read", "bytes=0-0,x-y"],
  ])("%s", async (_case, range) => {
    const source = await opened.origin(replyWith());
    const edge = await opened.edge({ origins: [source.port] });
    await ask(edge.port, "/");
    const answer = await askParts(edge, range);
    expect([answer.status, answer.body.equals(body)]).toEqual([200, true]);
  });

  it("as one part when the parts overlap each other over and over", async () => {
    const source = await opened.origin(replyWith());
    const edge = await opened.edge({ origins: [source.port] });
    await ask(edge.port, "/");
    const answer = await askParts(edge, "bytes=0-,0-,0-,0-,0-");
    expect([answer.status, answer.headers["content-range"]]).toEqual([206, `bytes 0-${LENGTH - 1}/${LENGTH}`]);
    expect(answer.body.equals(body)).toBe(true);
  });

  it("when it is coded", async () => {
    const source = await opened.origin(replyWith({ "content-encoding": "x-own" }));
    const edge = await opened.edge({ origins: [source.port] });
    await ask(edge.port, "/");
    expect((await askParts(edge, "bytes=0-0,5-5")).status).toBe(200);
    expect((await askParts(edge, "bytes=0-5")).status).toBe(206);
  });
});
