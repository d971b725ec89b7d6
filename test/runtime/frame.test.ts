import { describe, expect, it } from "vitest";
import { FrameError, FrameReader, frame, frameIntMax, int, text } from "../../runtime/bridge/frame.ts";
import { readInvocation, writeInvocation, type InvocationFields } from "../../runtime/bridge/invocation-frame.ts";

function only(batch: string): FrameReader {
  const reader = new FrameReader(batch);
  expect(reader.next()).toBe(true);
  return reader;
}

function drain(reader: FrameReader): void {
  while (reader.next()) {
    reader.int();
    reader.text();
  }
}

function thrownBy(act: () => void): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("frames", () => {
  it.each([0, 1, 127, 128, 16_384, 65_535, 2_097_152, frameIntMax])("int %d comes back", (value) => {
    expect(only(frame("x", int(value))).int()).toBe(value);
  });

  it("an integer beyond the maximum is held at the maximum", () => {
    expect(only(frame("x", int(frameIntMax + 5))).int()).toBe(frameIntMax);
  });

  it("a text or payload that is longer than a length can say is refused, instead of being written with another length", () => {
    const tooLong = "x".repeat(frameIntMax + 1);
    expect(() => text(tooLong)).toThrow(RangeError);
    expect(() => frame("x", tooLong)).toThrow(RangeError);
    expect(text(tooLong.slice(1)).length).toBe(frameIntMax + 4);
  });

  it.each(["", "a", "ünïcødé", "emoji 🙂", "\0\n:", "x".repeat(100_000)])("text %# comes back", (value) => {
    expect(only(frame("x", text(value))).text()).toBe(value);
  });

  it("several frames are read in order, with their buffers counted, and unread payload is skipped", () => {
    const reader = new FrameReader(frame("a", int(1) + text("skipped")) + frame("b", "", 2) + frame("c", text("last")));
    expect([reader.next(), reader.kind, reader.int()]).toEqual([true, "a", 1]);
    expect([reader.next(), reader.kind, reader.buffers]).toEqual([true, "b", 2]);
    expect([reader.next(), reader.kind, reader.text()]).toEqual([true, "c", "last"]);
    expect(reader.next()).toBe(false);
  });

  it("raw() is the frame as it stands, whatever was read of it", () => {
    const first = frame("a", int(7) + text("payload"));
    const reader = new FrameReader(first + frame("b", ""));
    reader.next();
    reader.int();
    expect(reader.raw()).toBe(first);
  });

  it("rest() is what was not read yet", () => {
    const reader = only(frame("a", int(7) + "tail"));
    reader.int();
    expect(reader.rest()).toBe("tail");
  });

  it.each([
    ["a cut header", "x\0\0"],
    ["a cut payload", frame("x", "abcdef").slice(0, -1)],
    ["a payload length beyond the batch", `x${int(50)}${int(0)}abc`],
    ["a character above 127 in a length", "x\u0100\0\0\0\0\0\0\0"],
  ])("%s throws FrameError", (_name, batch) => {
    expect(() => new FrameReader(batch).next()).toThrow(FrameError);
  });

  it.each([
    ["an integer past the end", frame("x", "ab"), (reader: FrameReader) => reader.int()],
    ["a text longer than the frame", frame("x", int(9) + "ab"), (reader: FrameReader) => reader.text()],
    [
      "a text that would run into the next frame",
      frame("x", int(4)) + frame("y", "abcd"),
      (reader: FrameReader) => reader.text(),
    ],
  ])("%s throws FrameError", (_name, batch, read) => {
    expect(() => read(only(batch))).toThrow(FrameError);
  });

  it("random bytes never make the reader throw anything but FrameError", () => {
    let seed = 7;
    const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648);
    for (let round = 0; round < 2_000; round += 1) {
      const batch = Array.from({ length: next() % 40 }, () => String.fromCharCode(next() % 140)).join("");
      const reader = new FrameReader(batch);
      expect(thrownBy(() => drain(reader)) ?? new FrameError("none")).toBeInstanceOf(FrameError);
    }
  });
});

describe("invocation frames", () => {
  const fields: InvocationFields = {
    phase: "clientResponse",
    memoryMiB: 256,
    requestId: "r-1",
    method: "GET",
    url: "http://example.com/a?b=c",
    headers: "host:example.com\n",
    body: null,
    clientIp: "127.0.0.1",
    domain: "example.com",
    rulePriority: 10,
    cacheStatus: "hit",
    tls: "TLSv1.3 TLS_AES_128_GCM_SHA256 www.example.com",
    response: { status: 200, headers: "x:y\n", body: { lengthBytes: 12 } },
  };

  it.each<[string, InvocationFields]>([
    ["a response phase", fields],
    ["a request phase with a body of unknown length", { ...fields, response: null, body: { lengthBytes: undefined } }],
    ["a body of zero bytes", { ...fields, body: { lengthBytes: 0 } }],
  ])("%s comes back", (_name, value) => {
    expect(readInvocation(only(frame("I", writeInvocation(value))))).toEqual(value);
  });

  it("a length that no frame can hold is announced as unknown", () => {
    const read = readInvocation(only(frame("I", writeInvocation({ ...fields, body: { lengthBytes: 2 ** 30 } }))));
    expect(read.body).toEqual({ lengthBytes: undefined });
  });
});
