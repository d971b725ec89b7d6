/** Whatever an isolate host says, its front goes on: nothing is thrown, everything that waits for the host settles, and no body hangs. */
import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { frame, frameIntMax, int, text } from "../../runtime/bridge/frame.ts";
import { fromGuest, toFront } from "../../runtime/bridge/protocol.ts";
import type { Body } from "../../runtime/body.ts";
import type { InvocationHost, Outcome } from "../../runtime/driver.ts";
import { encodeHead } from "../../runtime/message-head.ts";
import { RemoteDriver } from "../../runtime/remote-driver.ts";
import { settle } from "../edge-node/support/fake-clock.ts";
import { brokenStream, invocationOf, quietHost, streamOf, versionOf } from "./driver-fixtures.ts";

const environment = { afterTick: (act: () => void) => queueMicrotask(act), nowMs: () => 0, startTimer: () => () => {} };

/** A driver whose host says what the test wants. */
function startOne(): { readonly driver: RemoteDriver; readonly stream: Duplex; readonly lost: (string | null)[] } {
  const stream = new Duplex({ read() {}, write: (_data, _encoding, done) => done() });
  const driver = new RemoteDriver(stream, environment);
  const lost: (string | null)[] = [];
  driver.onLost = (_running, failure) => lost.push(failure?.message ?? null);
  return { driver, stream, lost };
}

function message(frames: string, buffers: readonly Uint8Array[] = []): Buffer {
  return Buffer.concat([encodeHead(frames, buffers), ...buffers]);
}

describe("a host that says what cannot be read is lost, and what waits for it settles", () => {
  it.each([
    ["an unknown kind of frame", frame("@", "x")],
    ["a frame without its header", "G\0\0"],
    ["a cut frame of a guest", frame(toFront.fromInstance, `${int(1)}o\x01`)],
    ["an answer without a number", frame(toFront.done, "")],
    ["an answer without a text", frame(toFront.done, int(2))],
    ["no JSON for a start", frame(toFront.done, int(2) + text("}{"))],
    ["null for statistics", frame(toFront.done, int(3) + text("null"))],
    ["a number above 127 of an instance", frame(toFront.instanceGone, "\x80\0\0\0")],
  ])("%s", async (_name, frames) => {
    const { driver, stream, lost } = startOne();
    const version = versionOf("{}", {});
    void driver.load(version);
    const settled = Promise.all([
      driver.invoke(invocationOf(version.key, {}), quietHost([])).outcome,
      driver.warm(version.key, 1),
      driver.stats(),
      driver.ping(),
    ]);
    stream.push(message(frames));
    const [outcome, ...answers] = await settled;
    expect(outcome).toMatchObject({ kind: "failed", code: "HOST_LOST" });
    expect(answers).toEqual([null, [], undefined]);
    expect(lost).toEqual([expect.stringMatching(/^Cannot read frame: /)]);
    expect(stream.destroyed).toBe(true);
  });

  it("a process that is over fails what it ran, once, though its link is open", async () => {
    const { driver, stream, lost } = startOne();
    const version = versionOf("{}", {});
    void driver.load(version);
    const { outcome } = driver.invoke(invocationOf(version.key, {}), quietHost([]));
    driver.ended();
    driver.ended();
    expect(await outcome).toMatchObject({ kind: "failed", code: "HOST_LOST" });
    await settle();
    expect([driver.active, lost, stream.destroyed]).toEqual([0, [null], true]);
  });

  it("statistics of versions that the host does not have are nobody's", async () => {
    const { driver, stream } = startOne();
    const version = versionOf("{}", {});
    void driver.load(version);
    const stats = driver.stats();
    const rows = [version.key, "another's"].map((key) => ({ ...counters, key }));
    stream.push(message(frame(toFront.done, int(2) + text(JSON.stringify(rows)))));
    expect((await stats).map(({ key }) => key)).toEqual([version.key]);
  });
});

const counters = {
  instances: 1,
  reserved: 0,
  active: 0,
  queued: 0,
  invocations: 0,
  failures: 0,
  rejected: 0,
  coldStarts: 0,
  cpuMs: 0,
  heartbeatMisses: 0,
  retired: 0,
};

/** A source of numbers that are the same for each run of the test. */
class Dice {
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** 0..`sides` - 1. */
  roll(sides: number): number {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((this.#seed / 2_147_483_648) * sides);
  }

  of<T>(values: readonly T[]): T {
    return values[this.roll(values.length)] as T;
  }
}

const words = ["", "x", "GET", "http://example.com/", "a:b\n", "upgrade:websocket\n", "[]", "null", "}{", "☃", "\0"];
const numbers = [0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 200, 204, 1_000, 1_005, 4_000, 16_384, frameIntMax];

/** A payload of some numbers and texts, as most frames are. */
function payload(dice: Dice): string {
  let made = "";
  for (let left = dice.roll(9); left > 0; left -= 1)
    made += dice.roll(3) === 0 ? text(dice.of(words)) : int(dice.of(numbers));
  return made;
}

/** An answer that is well-formed, with each kind of body, for one of the invocations that run. */
function answer(dice: Dice): string {
  const bodies = [
    int(0),
    int(1) + text(dice.of(words)),
    int(2),
    int(3) + int(dice.roll(4)),
    int(4) + int(dice.roll(3)) + int(dice.roll(9)),
  ];
  const head = int(2 + dice.roll(8)) + int(dice.roll(2));
  return head + dice.of([int(0), int(2) + int(200) + text("a:b\n") + dice.of(bodies), int(4) + int(5) + text("a:b\n")]);
}

function subrequest(dice: Dice): string {
  const head = int(dice.roll(9)) + int(2 + dice.roll(8)) + int(0) + text("GET") + text("http://example.com/");
  return head + text(dice.of(words)) + int(dice.roll(4)) + int(dice.roll(4)) + payload(dice);
}

function guestFrame(dice: Dice): string {
  const kind = dice.of([...Object.values(fromGuest), fromGuest.chunk, fromGuest.end]);
  if (dice.roll(4) === 0) return frame(fromGuest.outcome, answer(dice), dice.roll(2));
  if (dice.roll(4) === 0) return frame(fromGuest.subrequest, subrequest(dice), dice.roll(2));
  return frame(kind, payload(dice), dice.roll(3));
}

function frontFrame(dice: Dice): { readonly frames: string; readonly buffers: number } {
  if (dice.roll(4) > 0) {
    let inner = int(dice.roll(4));
    for (let left = dice.roll(4); left > 0; left -= 1) inner += guestFrame(dice);
    const buffers = dice.roll(4);
    return { frames: frame(toFront.fromInstance, inner, buffers), buffers };
  }
  const kind = dice.of(Object.values(toFront));
  const json = dice.of([...words, JSON.stringify([counters]), '{"message":"m","stack":"s"}', "", "", ""]);
  const made = kind === toFront.done ? int(dice.roll(12)) + text(json) : payload(dice);
  // Cut ones end the link, and nothing is learnt of what would have come.
  return { frames: frame(kind, `${made}${dice.roll(8) === 0 ? "" : int(1) + text("")}`), buffers: 0 };
}

function anyMessage(dice: Dice): Buffer {
  let frames = "";
  let count = 0;
  for (let left = 1 + dice.roll(4); left > 0; left -= 1) {
    const made = frontFrame(dice);
    frames += made.frames;
    count += made.buffers;
  }
  const buffers = Array.from({ length: count }, () => new Uint8Array(dice.of([0, 1, 5, 300])));
  return message(frames, buffers);
}

/** One in some is cut, has a byte changed, or loses or repeats a piece. */
function mutated(dice: Dice, bytes: Buffer): Buffer {
  const at = dice.roll(bytes.byteLength);
  const copy = Buffer.from(bytes);
  switch (dice.roll(24)) {
    case 0:
      copy[at] = dice.roll(256);
      return copy;
    case 1:
      return copy.subarray(0, at);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + dice.roll(8))]);
    case 3:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(Math.max(0, at - dice.roll(8)))]);
    case 4:
      return Buffer.from(Array.from({ length: dice.roll(200) }, () => dice.roll(256)));
    default:
      return copy;
  }
}

/** A host that answers subrequests in every way. */
function anyHost(dice: Dice): InvocationHost {
  const body = (): Body =>
    dice.of([{ kind: "empty" }, { kind: "text", text: "text" }, streamOf(["a", "b"]), brokenStream()]);
  return {
    ...quietHost([]),
    fetch: () => {
      if (dice.roll(3) === 0) return Promise.reject(new Error("no network"));
      return Promise.resolve({
        status: 200,
        statusText: "OK",
        headers: "",
        url: "http://example.com/",
        redirected: false,
        body: body(),
      });
    },
  };
}

/** Reads the body of an outcome to its end, whatever that is. */
async function consume(outcome: Outcome): Promise<void> {
  if (outcome.kind === "upgrade") {
    outcome.socket.close({ code: 1_006, reason: "", wasClean: false });
    return;
  }
  if (outcome.kind !== "response" && outcome.kind !== "request") return;
  if (outcome.body.kind !== "stream") return;
  try {
    for await (const chunk of outcome.body.chunks) expect(chunk).toBeInstanceOf(Uint8Array);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}

async function play(
  seed: number,
): Promise<{ readonly settled: number[]; readonly answers: unknown; readonly lost: number }> {
  const dice = new Dice(seed);
  const { driver, stream, lost } = startOne();
  const version = versionOf("{}", {});
  void driver.load(version);
  const settled = Array.from({ length: 8 }, () => 0);
  const bodies = settled.map(async (_none, index) => {
    const changes = {
      method: dice.of(["GET", "HEAD", "POST"]),
      body: dice.of<Body>([{ kind: "empty" }, streamOf(["a"])]),
    };
    const response = index % 4 === 0 ? { status: 200, headers: "", body: streamOf(["b"]) } : null;
    const invocation = invocationOf(version.key, {
      ...changes,
      response,
      phase: response === null ? "fetch" : "clientResponse",
    });
    const outcome = await driver.invoke(invocation, anyHost(dice)).outcome;
    settled[index] = (settled[index] ?? 0) + 1;
    await consume(outcome);
  });
  driver.reserve(version.key, 1);
  const answers = Promise.all([
    driver.warm(version.key, 1),
    driver.stats(),
    driver.ping(),
    driver.prewarm(version.key),
  ]);
  for (let left = 20; left > 0 && !stream.destroyed; left -= 1) {
    const bytes = mutated(dice, anyMessage(dice));
    const cut = dice.roll(bytes.byteLength + 1);
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      // A chunk belongs to its reader.
      if (piece.byteLength > 0 && !stream.destroyed) stream.push(Buffer.from(piece));
    }
    if (dice.roll(2) === 0) await settle();
  }
  stream.destroy();
  await Promise.all(bodies);
  await answers;
  expect(driver.active).toBe(0);
  return { settled, answers, lost: lost.length };
}

it("random and mutated messages: nothing is thrown, and every invocation and every question settles once", async () => {
  const unexpected: unknown[] = [];
  const note = (error: unknown): unknown => unexpected.push(error);
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
  for (let seed = 1; seed <= 400; seed += 1) {
    const { settled, lost } = await play(seed);
    expect({ seed, settled, lost }).toEqual({ seed, settled: [1, 1, 1, 1, 1, 1, 1, 1], lost: 1 });
  }
  await settle();
  process.off("uncaughtException", note);
  process.off("unhandledRejection", note);
  expect(unexpected).toEqual([]);
});
