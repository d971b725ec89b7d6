import { describe, expect, it } from "vitest";
import { blockOf, fieldBlock, WrittenFields } from "../../../edge-node/pipeline/written-fields.ts";

describe("fieldBlock()", () => {
  it("is the first field's name, and all lines from its value on", () => {
    expect(fieldBlock("a:1\nb:2: 3\na:4\n")).toEqual({ first: "a", rest: "1\r\nb: 2: 3\r\na: 4", isAscii: true });
  });

  it("leaves out what is the connection's or the server library's, also at the beginning", () => {
    const block = fieldBlock("date:now\nconnection:close\na:1\ncontent-length:5\ntransfer-encoding:chunked\nb:2\n");
    expect(block).toEqual({ first: "a", rest: "1\r\nb: 2", isAscii: true });
    expect(fieldBlock("content-length:5\n")).toEqual({ first: "", rest: "", isAscii: true });
    expect(fieldBlock("")).toEqual({ first: "", rest: "", isAscii: true });
  });

  it("says when there are bytes beyond ASCII", () => {
    expect(fieldBlock("a:caf\xe9\n").isAscii).toBe(false);
  });
});

describe("blockOf()", () => {
  it("is made once for fields that nobody changed", () => {
    const written = new WrittenFields("a:1\n");
    expect(blockOf("a:1\n", written)).toBe(written.block);
  });

  it("is made anew for fields that somebody changed", () => {
    expect(blockOf("a:2\n", new WrittenFields("a:1\n"))).toEqual(fieldBlock("a:2\n"));
    expect(blockOf("a:2\n", undefined)).toEqual(fieldBlock("a:2\n"));
  });
});
