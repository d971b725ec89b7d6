import { expect, it } from "vitest";
import { ChunkedReader } from "../../../edge-node/origin/chunked-reader.ts";
import { messageLimits } from "../../../sdk/limits.ts";

interface Read {
  readonly data: string;
  readonly end: "over" | "malformed" | "more";
  /** Bytes after the body. */
  readonly rest: number;
}

/** Reads `text` in pieces that begin at `cuts`. */
function read(text: string, cuts: readonly number[] = []): Read {
  const reader = new ChunkedReader();
  reader.begin();
  let data = "";
  let rest = 0;
  const starts = [0, ...cuts];
  for (const [index, start] of starts.entries()) {
    // Not at the buffer's beginning, where an offset would not show.
    const piece = Buffer.from(`#${text.slice(start, starts[index + 1])}`, "latin1");
    if (reader.isOver || reader.isMalformed) rest += piece.byteLength - 1;
    else {
      const end = reader.read(piece, 1, piece.byteLength);
      data += piece.toString("latin1", 1, end);
      rest += piece.byteLength - reader.readTo;
    }
  }
  return { data, end: reader.isOver ? "over" : reader.isMalformed ? "malformed" : "more", rest };
}

/** What comes of it whole, cut in two anywhere, and byte by byte. */
function ways(text: string): Read[] {
  const everywhere = Array.from({ length: text.length - 1 }, (_unused, index) => index + 1);
  const all = [[], everywhere, ...everywhere.map((cut) => [cut])].map((cuts) => JSON.stringify(read(text, cuts)));
  return [...new Set(all)].map((one) => JSON.parse(one) as Read);
}

it.each([
  ["nothing", "0\r\n\r\n", ""],
  ["one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc"],
  ["several", "3\r\nabc\r\n1\r\nd\r\na\r\n0123456789\r\n0\r\n\r\n", "abcd0123456789"],
  [
    "sizes in both cases, with zeros before",
    "000A\r\n0123456789\r\n0b\r\n0123456789a\r\n00\r\n\r\n",
    "01234567890123456789a",
  ],
  ["data that looks like framing", "a\r\n\r\n0\r\n\r\n\r\n\r\r\n0\r\n\r\n", "\r\n0\r\n\r\n\r\n\r"],
  ["extensions", '1;a\r\nx\r\n1;b=c;d="e f"\r\ny\r\n0;last\r\n\r\n', "xy"],
  ["trailers", "1\r\nx\r\n0\r\nX-A: b\r\nSum:\r\n\r\n", "x"],
])("is read: %s", (_case, text, data) => {
  expect(ways(text)).toEqual([{ data, end: "over", rest: 0 }]);
  expect(ways(`${text}HTTP`)).toEqual([{ data, end: "over", rest: 4 }]);
});

it.each([
  ["no number", "z\r\n"],
  ["no digit", "\r\n"],
  ["a sign", "+1\r\n"],
  ["a hexadecimal prefix", "0x1\r\n"],
  ["a blank before the size", " 1\r\n"],
  ["a blank after the size", "1 \r\n"],
  ["a line feed alone after the size", "1\n"],
  ["a carriage return alone after the size", "1\rx"],
  ["a line feed alone in an extension", "1;a\nx"],
  ["a control character in an extension", "1;\x01\r\n"],
  ["fourteen digits", "00000000000001\r\n"],
  ["a size beyond all numbers", `${"f".repeat(18)}\r\n`],
  ["a trailer that is no field", "0\r\nHTTP/1.1 200 OK\r\n"],
  ["a folded trailer", "0\r\n a: b\r\n"],
  ["a line feed alone in a trailer", "0\r\na: b\n"],
  ["a line feed alone at the end", "0\r\n\n"],
  ["a carriage return alone at the end", "0\r\n\rx"],
])("is malformed: %s", (_case, text) => {
  expect(read(text)).toMatchObject({ data: "", end: "malformed" });
  for (let cut = 1; cut < text.length; cut++) expect(read(text, [cut])).toMatchObject({ data: "", end: "malformed" });
});

it.each([
  ["longer than it said", "3\r\nabcd\r\n0\r\n\r\n"],
  ["ended by a line feed alone", "3\r\nabc\n0\r\n\r\n"],
  ["ended by a carriage return alone", "3\r\nabc\r0\r\n\r\n"],
])("a chunk that is %s is malformed after its data", (_case, text) => {
  expect(read(text)).toMatchObject({ data: "abc", end: "malformed" });
});

it.each([
  ["extensions of one chunk", `1;${"a".repeat(20_000)}`],
  ["extensions of many chunks", `1;${"a".repeat(1_000)}\r\nx\r\n`.repeat(20)],
  ["one trailer", `0\r\na: ${"b".repeat(messageLimits.headerBytesMax)}`],
  ["many trailers", `0\r\n${"a: b\r\n".repeat(messageLimits.headerBytesMax / 6 + 1)}`],
])("%s without end are malformed", (_case, text) => {
  expect(read(text).end).toBe("malformed");
});

it("the next body begins anew", () => {
  const reader = new ChunkedReader();
  for (const text of ["1;a\r\nx\r\n0\r\na: b\r\n\r\n", "1\r\ny\r\n0\r\n\r\n"]) {
    reader.begin();
    const bytes = Buffer.from(text);
    expect(reader.read(bytes, 0, bytes.byteLength)).toBe(1);
    expect(reader.isOver).toBe(true);
  }
});
