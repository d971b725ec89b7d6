import { describe, expect, it } from "vitest";
import type { Body } from "../../../runtime/body.ts";
import { pacedBody, type Pace } from "../../../edge-node/policy/paced-body.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";

interface Source {
  readonly body: Body;
  pulled: number;
  given: boolean;
}

function source(chunkBytes: readonly number[]): Source {
  const made: Source = {
    pulled: 0,
    given: false,
    body: { kind: "stream", chunks: chunks(), lengthBytes: undefined, givesChunks: true },
  };
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    try {
      for (const bytes of chunkBytes) {
        made.pulled++;
        yield new Uint8Array(bytes).fill(made.pulled);
      }
    } finally {
      made.given = true;
    }
  }
  return made;
}

function reading(body: Body, clock: FakeClock) {
  if (body.kind !== "stream") throw new Error(`Cannot read a body of kind ${body.kind}`);
  const iterator = body.chunks[Symbol.asyncIterator]();
  const got: { atMs: number; bytes: number }[] = [];
  const startMs = clock.monotonicMs();
  const ended = (async () => {
    for (let item = await iterator.next(); item.done !== true; item = await iterator.next()) {
      got.push({ atMs: clock.monotonicMs() - startMs, bytes: item.value.byteLength });
    }
  })();
  return { got, ended, iterator, total: () => got.reduce((sum, { bytes }) => sum + bytes, 0) };
}

const pace: Pace = { fullSpeedBytes: 150, bytesPerSecond: 1_000 };

describe("pacedBody()", () => {
  it("sends so many bytes at once and the rest at the rate, none lost", async () => {
    const clock = new FakeClock();
    const { got, ended, total } = reading(pacedBody(source([100, 100, 300]).body, { pace, clock }), clock);
    await settle();
    expect(got.slice(0, 2)).toEqual([
      { atMs: 0, bytes: 100 },
      { atMs: 0, bytes: 50 },
    ]);
    await clock.advance(150);
    expect(total()).toBeLessThanOrEqual(150 + 150 + 200);
    await clock.advance(10_000);
    await ended;
    expect(total()).toBe(500);
    expect(got.at(-1)?.atMs).toBeGreaterThanOrEqual(150);
    expect(got.at(-1)?.atMs).toBeLessThanOrEqual(350);
  });

  it("keeps the rate over a long body", async () => {
    const clock = new FakeClock();
    const { got, ended, total } = reading(
      pacedBody(source(Array.from({ length: 10 }, () => 1_000)).body, { pace, clock }),
      clock,
    );
    await clock.advance(20_000);
    await ended;
    expect(total()).toBe(10_000);
    expect(got.at(-1)?.atMs).toBeGreaterThanOrEqual(9_500);
    expect(got.at(-1)?.atMs).toBeLessThanOrEqual(9_900);
  });

  it("a reader that was slow gains no more than a tenth of a second", async () => {
    const clock = new FakeClock();
    const slow = pacedBody(source([100, 100_000]).body, { pace: { ...pace, fullSpeedBytes: 0 }, clock });
    if (slow.kind !== "stream") throw new Error("Cannot read it");
    const iterator = slow.chunks[Symbol.asyncIterator]();
    await iterator.next();
    await clock.advance(60_000);
    const got: number[] = [];
    void (async () => {
      for (let item = await iterator.next(); item.done !== true; item = await iterator.next()) {
        got.push(item.value.byteLength);
      }
    })();
    await settle();
    expect(got.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(200);
  });

  it("reads its source no further than it sends", async () => {
    const clock = new FakeClock();
    const made = source([200, 200, 200]);
    reading(pacedBody(made.body, { pace: { fullSpeedBytes: 0, bytesPerSecond: 100 }, clock }), clock);
    await clock.advance(500);
    expect(made.pulled).toBe(1);
    expect(clock.waits).toHaveLength(1);
  });

  it("gives its source up at once when it is given up, also while it waits", async () => {
    const clock = new FakeClock();
    const made = source([1_000, 1_000]);
    const { iterator, ended, got } = reading(pacedBody(made.body, { pace, clock }), clock);
    await settle();
    const before = got.length;
    await iterator.return?.();
    await ended;
    expect([made.given, clock.waits, got.length]).toEqual([true, [], before]);
  });

  it("breaks off when its source does", async () => {
    const clock = new FakeClock();
    const broken: Body = {
      kind: "stream",
      lengthBytes: undefined,
      chunks: {
        [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("broken")) }),
      },
    };
    await expect(reading(pacedBody(broken, { pace, clock }), clock).ended).rejects.toThrow("broken");
  });

  it("says how long it is, and not that its chunks are the reader's own", () => {
    const clock = new FakeClock();
    const options = { pace, clock };
    const text = pacedBody({ kind: "text", text: "é".repeat(100) }, options);
    expect(text).toMatchObject({ kind: "stream", lengthBytes: 200 });
    expect(pacedBody(source([1]).body, options)).not.toHaveProperty("givesChunks");
  });

  it.each<Body>([
    { kind: "empty" },
    { kind: "text", text: "x".repeat(150) },
    { kind: "bytes", bytes: new Uint8Array(150) },
    {
      kind: "stream",
      chunks: { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("read")) }) },
      lengthBytes: 150,
    },
  ])("sends what is short enough ($kind) without a timer", (body) => {
    const clock = new FakeClock();
    expect(pacedBody(body, { pace, clock })).toMatchObject({ kind: body.kind === "text" ? "bytes" : body.kind });
    expect(clock.waits).toEqual([]);
  });
});
