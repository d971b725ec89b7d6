import { describe, expect, it } from "vitest";
import { parseBuilderMessage } from "../../../control-plane/builder/build-messages.ts";
import { FrameDecoder, encodeFrame } from "../../../control-plane/builder/frame-stream.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("FrameDecoder", () => {
  it.each([1, 2, 7, 8, 9, 1_000])("puts frames together from chunks of %i bytes", (size) => {
    const stream = Buffer.concat([
      encodeFrame({ a: "é" }, bytes("first")),
      encodeFrame({}, bytes("")),
      encodeFrame({ b: 1 }, bytes("x".repeat(99))),
    ]);
    const decoder = new FrameDecoder(100);
    const frames = [];
    for (let at = 0; at < stream.byteLength; at += size) frames.push(...decoder.push(stream.subarray(at, at + size)));
    expect(frames.map(({ header }) => header)).toEqual([{ a: "é" }, {}, { b: 1 }]);
    expect(frames.map(({ payload }) => payload.byteLength)).toEqual([5, 0, 99]);
  });

  it("refuses a payload or header that is too large before it has come, and headers that are no JSON", () => {
    expect(() => new FrameDecoder(10).push(encodeFrame({}, bytes("x".repeat(11))).subarray(0, 8))).toThrow("too large");
    expect(() => new FrameDecoder(10).push(Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0))).toThrow("too large");
    expect(() => new FrameDecoder(10).push(Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0x7b))).toThrow(SyntaxError);
  });
});

describe("parseBuilderMessage()", () => {
  const payload = new Uint8Array(0);

  it.each([
    null,
    1,
    "ready",
    [],
    {},
    { kind: "unknown" },
    { kind: "evaluated", hooks: ["nope"], runtimeKey: "k" },
    { kind: "evaluated", hooks: ["fetch"], runtimeKey: "a b" },
  ])("refuses %j", (header) => {
    expect(parseBuilderMessage({ header, payload })).toBeNull();
  });

  it("keeps known hooks in their order, known codes, and texts within bounds", () => {
    const evaluated = { kind: "evaluated", hooks: ["fetch", "x", "clientRequest"], runtimeKey: "k" };
    expect(parseBuilderMessage({ header: evaluated, payload })).toMatchObject({ hooks: ["clientRequest", "fetch"] });
    const refused = { kind: "refused", code: "constructor", message: "x".repeat(9_999), stack: 1 };
    const message = parseBuilderMessage({ header: refused, payload });
    expect(message).toMatchObject({ code: "PUBLISH_REFUSED", stack: "" });
    expect(JSON.stringify(message).length).toBeLessThan(2_100);
  });
});
