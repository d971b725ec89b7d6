import { expect, it } from "vitest";
import { RequestHeadWriter, type RequestHead } from "../../../edge-node/origin/request-head.ts";

function head(change: Partial<RequestHead> = {}): string | null {
  return new RequestHeadWriter().write({ method: "GET", target: "/a?b", headers: "host:h\n", length: null, ...change });
}

it.each<[string, Partial<RequestHead>, string]>([
  ["no body", {}, "GET /a?b HTTP/1.1\r\nhost: h\r\nconnection: keep-alive\r\n\r\n"],
  [
    "a length",
    { method: "PUT", length: 3 },
    "PUT /a?b HTTP/1.1\r\nhost: h\r\nconnection: keep-alive\r\ncontent-length: 3\r\n\r\n",
  ],
  [
    "chunks",
    { length: "chunked" },
    "GET /a?b HTTP/1.1\r\nhost: h\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n",
  ],
  [
    "a length of its own",
    { headers: "a:1\ncontent-length:9\nb:\n" },
    "GET /a?b HTTP/1.1\r\na: 1\r\nb: \r\nconnection: keep-alive\r\n\r\n",
  ],
  [
    "bytes beyond ASCII",
    { target: "/\xe9", headers: "a:\xe9\n" },
    "GET /\xe9 HTTP/1.1\r\na: \xe9\r\nconnection: keep-alive\r\n\r\n",
  ],
  [
    "the whole server",
    { method: "OPTIONS", target: "*", headers: "" },
    "OPTIONS * HTTP/1.1\r\nconnection: keep-alive\r\n\r\n",
  ],
])("is written: %s", (_case, change, expected) => {
  expect(head(change)).toBe(expected);
});

it.each<[string, Partial<RequestHead>]>([
  ["a method with a blank", { method: "GET /x" }],
  ["no method", { method: "" }],
  ["a method with a line's end", { method: "GET\r\n" }],
  ["no target", { target: "" }],
  ["a target with a blank", { target: "/a HTTP/1.1" }],
  ["a target with a line's end", { target: "/a\r\nb" }],
  ["a target that is no path", { target: "http://x/" }],
  ["a target with DEL", { target: "/\x7f" }],
  ["a target beyond Latin-1", { target: "/\u0100" }],
  ["a carriage return in a value", { headers: "a:b\rc\n" }],
  ["a zero byte in a value", { headers: "a:\0\n" }],
  ["a value beyond Latin-1", { headers: "a:\u0100\n" }],
  ["a name with a blank", { headers: "a b:c\n" }],
  ["a name in upper case, which nobody would have looked at", { headers: "Transfer-Encoding:chunked\n" }],
  ["a line without a name", { headers: ":c\n" }],
  ["a line without an end", { headers: "a:b" }],
  ["an empty line", { headers: "a:b\n\nc:d\n" }],
  ["a coding", { headers: "a:b\ntransfer-encoding:chunked\n" }],
  ["words about the connection", { headers: "connection:close\n" }],
  ["an upgrade", { headers: "upgrade:h2c\n" }],
])("is not written: %s", (_case, change) => {
  expect(head(change)).toBeNull();
});
