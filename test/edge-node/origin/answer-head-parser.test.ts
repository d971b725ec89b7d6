import { expect, it } from "vitest";
import { AnswerHeadParser, type AnswerHead } from "../../../edge-node/origin/answer-head-parser.ts";
import { messageLimits } from "../../../sdk/limits.ts";

const parser = new AnswerHeadParser();

function parse(text: string): ReturnType<AnswerHeadParser["parse"]> {
  const bytes = Buffer.from(`xx${text}`, "latin1");
  return parser.parse(bytes, 2, bytes.byteLength);
}

function head(text: string): AnswerHead {
  const parsed = parse(text);
  if (parsed.kind !== "head") throw new Error(JSON.stringify(parsed));
  return parsed;
}

const OK = "HTTP/1.1 200 OK\r\n";
const plain = {
  status: 200,
  statusText: "OK",
  headers: "",
  lengthBytes: undefined,
  isChunked: false,
  keepsAlive: true,
};

it.each<[string, string, Partial<AnswerHead>]>([
  ["nothing but a status", `${OK}\r\n`, plain],
  ["no reason", "HTTP/1.1 204 \r\n\r\n", { status: 204, statusText: "" }],
  ["not even the blank before it", "HTTP/1.1 204\r\n\r\n", { status: 204, statusText: "" }],
  ["a reason with bytes beyond ASCII", "HTTP/1.1 599 \xe9 b\r\n\r\n", { status: 599, statusText: "\xe9 b" }],
  ["names in any case", `${OK}X-A: 1\r\netAG:2\r\n\r\n`, { headers: "x-a:1\netag:2\n" }],
  ["blanks around values", `${OK}A: \t b c \t\r\nD:\r\nE:  \r\n\r\n`, { headers: "a:b c\nd:\ne:\n" }],
  ["values beyond ASCII", `${OK}A: \xe9\t~\r\n\r\n`, { headers: "a:\xe9\t~\n" }],
  ["a repeated field", `${OK}A: 1\r\nB: 2\r\na: 3\r\n\r\n`, { headers: "a:1\nb:2\na:3\n" }],
  ["every byte of a token", `${OK}!#$%&'*+-.^_\`|~0aZ: 1\r\n\r\n`, { headers: "!#$%&'*+-.^_`|~0az:1\n" }],
  ["a length", `${OK}Content-Length: 12\r\n\r\n`, { lengthBytes: 12, headers: "content-length:12\n" }],
  ["a length of zero, written long", `${OK}Content-Length: 000\r\n\r\n`, { lengthBytes: 0 }],
  ["chunks", `${OK}Transfer-Encoding: Chunked\r\nA: 1\r\n\r\n`, { isChunked: true, headers: "a:1\n" }],
  ["the connection's end", `${OK}Connection: Close\r\nA: 1\r\n\r\n`, { keepsAlive: false, headers: "a:1\n" }],
  [
    "the connection's end among others",
    `${OK}Connection: x-a, close\r\nX-A: 1\r\n\r\n`,
    { keepsAlive: false, headers: "" },
  ],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", { keepsAlive: false }],
  ["HTTP/1.0 that goes on", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", { keepsAlive: true }],
  ["HTTP/1.0 of two minds", "HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n\r\n", { keepsAlive: false }],
  ["a time", `${OK}Keep-Alive: max=5, timeout=7\r\n\r\n`, { keepAliveMs: 7_000, headers: "" }],
  [
    "fields of the connection",
    `${OK}TE: a\r\nTrailer: b\r\nUpgrade: c\r\nProxy-Authenticate: d\r\nProxy-Connection: e\r\nA: f\r\n\r\n`,
    { headers: "a:f\n" },
  ],
  [
    "fields that Connection names, but for those that say what the message is",
    `${OK}X-A: 1\r\nConnection: X-A, content-type, cache-control\r\nContent-Type: t\r\nCache-Control: no-store\r\n\r\n`,
    { headers: "content-type:t\ncache-control:no-store\n", keepsAlive: true },
  ],
])("is read: %s", (_case, text, expected) => {
  expect(head(text)).toMatchObject(expected);
  expect(head(`${text}rest`).end).toBe(text.length + 2);
  for (let to = 0; to < text.length; to++) expect(parse(text.slice(0, to))).toEqual({ kind: "incomplete" });
});

it.each([
  ["another protocol", "ICY 200 OK\r\n\r\n"],
  ["HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"],
  ["HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"],
  ["the name in lower case", "http/1.1 200 OK\r\n\r\n"],
  ["two blanks", "HTTP/1.1  200 OK\r\n\r\n"],
  ["a tab", "HTTP/1.1\t200 OK\r\n\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
  ["a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["a status with a sign", "HTTP/1.1 +20 OK\r\n\r\n"],
  ["the status 099", "HTTP/1.1 099 No\r\n\r\n"],
  ["the status 600", "HTTP/1.1 600 No\r\n\r\n"],
  ["a reason with a control character", "HTTP/1.1 200 O\x01K\r\n\r\n"],
  ["a reason with DEL", "HTTP/1.1 200 O\x7fK\r\n\r\n"],
  ["a line feed alone after the status", "HTTP/1.1 200 OK\nA: b\r\n\r\n"],
  ["a carriage return alone after the status", "HTTP/1.1 200 OK\rA: b\r\n\r\n"],
  ["a line feed alone after a field", `${OK}A: b\nC: d\r\n\r\n`],
  ["a carriage return within a value", `${OK}A: b\rc\r\n\r\n`],
  ["a carriage return at a head's end alone", `${OK}\rx\r\n`],
  ["a line feed at a head's end alone", `${OK}\n`],
  ["a zero byte in a value", `${OK}A: b\0c\r\n\r\n`],
  ["a zero byte in a name", `${OK}A\0: b\r\n\r\n`],
  ["DEL in a value", `${OK}A: b\x7f\r\n\r\n`],
  ["a blank before a colon", `${OK}A : b\r\n\r\n`],
  ["a name beyond ASCII", `${OK}\xc4: b\r\n\r\n`],
  ["no colon", `${OK}Abc\r\n\r\n`],
  ["no name", `${OK}: b\r\n\r\n`],
  ["a folded line", `${OK}A: b\r\n c: d\r\n\r\n`],
  ["a folded line by a tab", `${OK}A: b\r\n\tc\r\n\r\n`],
  ["a blank before the first name", `${OK} A: b\r\n\r\n`],
  ["two lengths", `${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\n`],
  ["one length twice", `${OK}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`],
  ["a list of lengths", `${OK}Content-Length: 3, 3\r\n\r\n`],
  ["a negative length", `${OK}Content-Length: -3\r\n\r\n`],
  ["a length with a sign", `${OK}Content-Length: +3\r\n\r\n`],
  ["a hexadecimal length", `${OK}Content-Length: 0x3\r\n\r\n`],
  ["a length with a blank", `${OK}Content-Length: 3 4\r\n\r\n`],
  ["an empty length", `${OK}Content-Length:\r\n\r\n`],
  ["a length of twenty digits", `${OK}Content-Length: ${"1".repeat(20)}\r\n\r\n`],
  ["a length beside chunks", `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`],
  ["chunks beside a length", `${OK}Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n`],
  ["two codings in one line", `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`],
  ["chunked twice", `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`],
  ["chunked and identity", `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n`],
  ["an unknown coding", `${OK}Transfer-Encoding: xchunked\r\n\r\n`],
  ["a coding with a parameter", `${OK}Transfer-Encoding: chunked;q=1\r\n\r\n`],
  ["an empty coding", `${OK}Transfer-Encoding:\r\n\r\n`],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["chunks of an informational answer", "HTTP/1.1 103 Hints\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["content of an informational answer", "HTTP/1.1 103 Hints\r\nContent-Length: 3\r\n\r\n"],
  ["257 lines", `${OK}${"a: b\r\n".repeat(messageLimits.headerLinesMax + 1)}\r\n`],
])("is refused: %s", (_case, text) => {
  expect(parse(text)).toMatchObject({ kind: "refused", code: "ORIGIN_MALFORMED" });
  // However it comes, no beginning of it is taken for a head.
  for (let to = 0; to < text.length; to++) expect(parse(text.slice(0, to)).kind).not.toBe("head");
});

it("256 lines are read, and a head of one byte less than its bound", () => {
  const lines = messageLimits.headerLinesMax;
  expect(head(`${OK}${"a: b\r\n".repeat(lines)}\r\n`).headers).toBe("a:b\n".repeat(lines));
  const value = "v".repeat(messageLimits.headerBytesMax - "a:\r\n\r\n".length);
  expect(head(`${OK}a:${value}\r\n\r\n`).headers).toBe(`a:${value}\n`);
});

it.each([
  ["a value", `${OK}a: ${"b".repeat(messageLimits.headerBytesMax)}`],
  ["a name", `${OK}${"b".repeat(messageLimits.headerBytesMax)}`],
  ["lines", `${OK}${"a: b\r\n".repeat(messageLimits.headerBytesMax / 6 + 1)}`],
])("is too large: %s without end", (_case, text) => {
  expect(parse(text)).toMatchObject({ kind: "refused", code: "ORIGIN_HEADERS_TOO_LARGE" });
});

it("one head leaves nothing behind for the next", () => {
  head(`${OK}Content-Length: 3\r\nConnection: close\r\nKeep-Alive: timeout=1\r\n\r\n`);
  expect(head(`${OK}\r\n`)).toMatchObject({ ...plain, keepAliveMs: undefined });
  parse(`${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`);
  expect(head(`${OK}\r\n`)).toMatchObject(plain);
});
