import { describe, expect, it } from "vitest";
import { LineTooLongError, readLines } from "../../../edge-node/control/read-lines.ts";

async function linesOf(chunks: readonly string[], lineBytesMax = 100): Promise<string[]> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      await Promise.resolve();
      yield Buffer.from(chunk, "latin1");
    }
  }
  const lines: string[] = [];
  for await (const line of readLines(source(), { lineBytesMax })) lines.push(line);
  return lines;
}

describe("readLines()", () => {
  it.each([
    ["several lines in one chunk", ["a\nb\nc\n"], ["a", "b", "c"]],
    ["a line over several chunks", ["a", "b", "c\nd", "\n"], ["abc", "d"]],
    ["blank lines and CR LF", ["\n\r\na\r\n\n"], ["a"]],
    ["a character cut in two", ["\u00c3", "\u00a9\n"], ["é"]],
    ["nothing", [], []],
  ])("hands out %s", async (_name, chunks, expected) => {
    expect(await linesOf(chunks)).toEqual(expected);
  });

  it("drops a line that was not ended", async () => {
    expect(await linesOf(["whole\n", `{"kind":"state","state":`])).toEqual(["whole"]);
  });

  it.each([
    ["in one chunk", ["12345\n"]],
    ["over chunks, before its end is seen", ["123", "45"]],
  ])("refuses a line beyond its bound %s", async (_name, chunks) => {
    await expect(linesOf(chunks, 4)).rejects.toThrow(LineTooLongError);
    await expect(linesOf(["1234\n1234\n"], 4)).resolves.toHaveLength(2);
  });
});
