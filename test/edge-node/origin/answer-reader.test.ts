import { expect, it } from "vitest";
import { AnswerHeadParser } from "../../../edge-node/origin/answer-head-parser.ts";
import { AnswerReader } from "../../../edge-node/origin/answer-reader.ts";

const parser = new AnswerHeadParser();
const OK = "HTTP/1.1 200 OK\r\n";

/** What is told of an answer: `status`, then its body, then how it ended. Informational ones stand before, in brackets. */
function told(pieces: readonly string[], { method = "GET", hangsUp = false } = {}): string {
  const reader = new AnswerReader(parser);
  reader.begin(method);
  let text = "";
  const receiver = {
    informed: ({ status, headers }: { status: number; headers: string }) => {
      text += `[${status} ${headers.trim()}]`;
    },
    answered: ({ status }: { status: number }, lengthBytes: number | undefined) => {
      text += `${status} ${lengthBytes ?? "?"} `;
    },
    data: (bytes: Buffer, from: number, to: number) => {
      expect(to).toBeGreaterThan(from);
      text += bytes.toString("latin1", from, to);
    },
  };
  for (const piece of pieces) {
    const received = Buffer.alloc(piece.length + 10, "#");
    received.write(piece, "latin1");
    const outcome = reader.read(received, piece.length, receiver);
    if (outcome.kind === "over") return `${text} over${outcome.isClean ? "" : ", not clean"}`;
    if (outcome.kind === "refused") return `${text} ${outcome.code}`;
    // What was handed out is not looked at again.
    received.fill("!");
  }
  return hangsUp && reader.ended() ? `${text} over` : `${text} more`;
}

/** All that is told when it comes whole, cut in two anywhere, and byte by byte. */
function ways(text: string, options: { method?: string; hangsUp?: boolean } = {}): string[] {
  const cuts = Array.from({ length: text.length }, (_unused, cut) => [text.slice(0, cut), text.slice(cut)]);
  const bytes = Array.from({ length: text.length }, (_unused, at) => text.charAt(at));
  return [...new Set([[text], bytes, ...cuts.slice(1)].map((pieces) => told(pieces, options)))];
}

it.each([
  ["a length", `${OK}Content-Length: 5\r\n\r\nhello`, "200 5 hello over"],
  ["no content", `${OK}Content-Length: 0\r\n\r\n`, "200 0  over"],
  ["chunks", `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n`, "200 ? hello over"],
  ["204", "HTTP/1.1 204 No Content\r\n\r\n", "204 0  over"],
  ["304 with the length of another answer", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "304 0  over"],
  [
    "informational answers before",
    `HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
    "[103 link:<a>][102 ]200 1 x over",
  ],
  ["100 that nobody waits for", `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`, "200 1 x over"],
  ["empty lines before", `\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`, "200 1 x over"],
])("an answer with %s is the same however it comes", (_case, text, expected) => {
  expect(ways(text)).toEqual([expected]);
});

it.each([
  ["a length", `${OK}Content-Length: 5\r\n\r\n`],
  ["chunks", `${OK}Transfer-Encoding: chunked\r\n\r\n`],
  ["neither", `${OK}\r\n`],
])("the answer to HEAD has no body, with %s", (_case, text) => {
  expect(ways(text, { method: "HEAD" })).toEqual(["200 0  over"]);
});

it("without a framing the body goes to the connection's end", () => {
  expect(ways(`${OK}\r\nhello`)).toEqual(["200 ? hello more"]);
  expect(ways(`${OK}\r\nhello`, { hangsUp: true })).toEqual(["200 ? hello over"]);
  expect(ways("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n3\r\n", { hangsUp: true })).toEqual([
    "200 ? 3\r\n over",
  ]);
});

it.each([
  ["within the head", `${OK}Content-Le`, " more"],
  ["within a length", `${OK}Content-Length: 5\r\n\r\nhell`, "200 5 hell more"],
  ["before the last chunk", `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n`, "200 ? hel more"],
  ["within the trailers", `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n`, "200 ?  more"],
])("a connection that ends %s leaves the answer unfinished", (_case, text, expected) => {
  expect(ways(text, { hangsUp: true })).toEqual([expected]);
});

it.each([
  ["bytes", `${OK}Content-Length: 3\r\n\r\nabcX`, "200 3 abc over, not clean"],
  ["a second answer", `${OK}Content-Length: 3\r\n\r\nabc${OK}\r\n`, "200 3 abc over, not clean"],
  ["a line's end", `${OK}Content-Length: 3\r\n\r\nabc\r\n`, "200 3 abc over, not clean"],
  ["bytes after chunks", `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nX`, "200 ?  over, not clean"],
  ["content of 204", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc", "204 0  over, not clean"],
  ["content of 304", "HTTP/1.1 304 Not Modified\r\n\r\nabc", "304 0  over, not clean"],
])("%s behind the end are part of nothing", (_case, text, expected) => expect(told([text])).toBe(expected));

it.each([
  ["a length", "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n"],
  ["chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"],
])("204 with %s is not clean even if nothing follows", (_case, text) => {
  expect(ways(text)).toEqual(["204 0  over, not clean"]);
});

it.each([
  ["no HTTP", "SSH-2.0\r\n", " ORIGIN_MALFORMED"],
  ["101 that nobody asked for", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", " ORIGIN_MALFORMED"],
  ["a bad second head", "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 2000 OK\r\n\r\n", "[103 ] ORIGIN_MALFORMED"],
  ["17 informational answers", "HTTP/1.1 103 Hints\r\n\r\n".repeat(17), `${"[103 ]".repeat(16)} ORIGIN_MALFORMED`],
  ["17 that nobody waits for", "HTTP/1.1 100 Continue\r\n\r\n".repeat(17), " ORIGIN_MALFORMED"],
  ["bad chunks", `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabcd`, "200 ? abc ORIGIN_MALFORMED"],
])("%s are refused however they come", (_case, text, expected) => {
  expect(ways(text)).toEqual([expected]);
});

it("a head without end is refused when it is too large, whatever its pieces", () => {
  const pieces = Array.from({ length: 80 }, () => "b".repeat(1_000));
  expect(told([`${OK}a: `, ...pieces])).toBe(" ORIGIN_HEADERS_TOO_LARGE");
  expect(told([OK, ...pieces.map((piece) => `a: ${piece}\r\n`)])).toBe(" ORIGIN_HEADERS_TOO_LARGE");
});

it("a reason without end takes no memory, and its end is found", () => {
  const pieces = Array.from({ length: 2_000 }, () => "b".repeat(5_000));
  expect(told(["HTTP/1.1 200 ", ...pieces])).toBe(" more");
  expect(told(["HTTP/1.1 200 ", ...pieces, "\r", "\nContent-Length: 1\r\n\r\nx"])).toBe("200 1 x over");
});

it("one connection's answers follow each other", () => {
  const reader = new AnswerReader(parser);
  const bodies: string[] = [];
  const receiver = {
    informed: () => {},
    answered: () => {},
    data: (bytes: Buffer, from: number, to: number) => {
      bodies.push(bytes.toString("latin1", from, to));
    },
  };
  const read = (text: string): string => reader.read(Buffer.from(text), text.length, receiver).kind;
  reader.begin("GET");
  expect(read(`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`)).toBe("over");
  expect(read(`${OK}Content-Length: 1\r\n\r\nx`)).toBe("refused");
  reader.begin("GET");
  expect(read(`${OK}Content-Length: 1\r\n\r\nb`)).toBe("over");
  expect(bodies).toEqual(["a", "b"]);
});
