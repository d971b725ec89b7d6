/**
 * Requests that two parsers could read differently, as bytes of HTTP/1.1: what a front must refuse, what it may take for one request, and which.
 *
 * Data only. `/outer` and `/smuggled` are what a form asks for; whoever sends many at once gives each its own by `marked`. Invariant: nobody may
 * ever be asked for `/smuggled`.
 */
import { HOST } from "../support/tls-client.ts";

export const H: string = `Host: ${HOST}\r\n`;
/** The request that hides in others. */
export const INNER: string = `GET /smuggled HTTP/1.1\r\n${H}\r\n`;
export const post = (fields: string, body: string): string => `POST /outer HTTP/1.1\r\n${H}${fields}\r\n${body}`;
export const get = (line: string, fields: string = H): string => `${line}\r\n${fields}\r\n`;
export const CHUNKED = "Transfer-Encoding: chunked\r\n";
const LENGTH = `Content-Length: ${INNER.length}\r\n`;

/** Forms of which nothing may reach a function. */
export const heads: Readonly<Record<string, string>> = {
  "CL.TE": post(`Content-Length: ${5 + INNER.length}\r\n${CHUNKED}`, `0\r\n\r\n${INNER}`),
  "TE.CL": post(`${CHUNKED}Content-Length: 4\r\n`, `${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`),
  "CL.0 with chunked": post(`Content-Length: 0\r\n${CHUNKED}`, `0\r\n\r\n${INNER}`),
  "TE.TE, the second unknown": post(`${CHUNKED}Transfer-Encoding: x\r\n`, `0\r\n\r\n${INNER}`),
  "TE.TE, the first unknown": post(`Transfer-Encoding: x\r\n${CHUNKED}`, `0\r\n\r\n${INNER}`),
  "an unknown coding and a length": post(`Transfer-Encoding: xchunked\r\n${LENGTH}`, INNER),
  "chunked in quotes": post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${INNER}`),
  "chunked, then identity": post("Transfer-Encoding: chunked, identity\r\n", `0\r\n\r\n${INNER}`),
  "chunked twice": post("Transfer-Encoding: chunked, chunked\r\n", `0\r\n\r\n${INNER}`),
  "chunked behind a vertical tab": post(`Transfer-Encoding: \vchunked\r\n${LENGTH}`, INNER),
  "chunked behind a NUL": post(`Transfer-Encoding: chunked\0\r\n${LENGTH}`, INNER),
  "an empty coding": post(`Transfer-Encoding: \r\n${LENGTH}`, INNER),
  "a space before the colon of Transfer-Encoding": post(`Transfer-Encoding : chunked\r\n${LENGTH}`, INNER),
  "a tab before the colon of Transfer-Encoding": post(`Transfer-Encoding\t: chunked\r\n${LENGTH}`, INNER),
  "a space before Transfer-Encoding": post(` Transfer-Encoding: chunked\r\n${LENGTH}`, INNER),
  "a folded Transfer-Encoding": post(`Transfer-Encoding:\r\n chunked\r\n${LENGTH}`, INNER),
  "a length folded with another": post(`Content-Length: 5\r\n 0\r\n`, INNER),
  "Transfer-Encoding behind a bare line feed": post(`X: a\n${CHUNKED}${LENGTH}`, INNER),
  "Transfer-Encoding behind a bare carriage return": post(`X: a\r${CHUNKED}${LENGTH}`, INNER),
  "two equal lengths": post(`${LENGTH}${LENGTH}`, INNER),
  "two lengths": post(`Content-Length: 0\r\n${LENGTH}`, INNER),
  "a list of lengths": post(`Content-Length: 0, ${INNER.length}\r\n`, INNER),
  "a length with a sign": post(`Content-Length: +${INNER.length}\r\n`, INNER),
  "a negative length": post("Content-Length: -1\r\n", INNER),
  "a hexadecimal length": post("Content-Length: 0x10\r\n", INNER),
  "a length with a point": post("Content-Length: 1.0\r\n", INNER),
  "a length with a space in it": post("Content-Length: 1 0\r\n", INNER),
  "a length with an underscore": post("Content-Length: 1_0\r\n", INNER),
  "a length that overflows 64 bits": post("Content-Length: 18446744073709551617\r\n", INNER),
  "an empty length": post("Content-Length: \r\n", INNER),
  "a space before the colon of Content-Length": post(`Content-Length : ${INNER.length}\r\n`, INNER),
  "two hosts": get("GET /smuggled HTTP/1.1", `${H}Host: other.example\r\n`),
  "the same host twice": get("GET /smuggled HTTP/1.1", `${H}${H}`),
  "no host": get("GET /smuggled HTTP/1.1", ""),
  "a folded host": get("GET /smuggled HTTP/1.1", `Host: ${HOST}\r\n .other.example\r\n`),
  "userinfo in the host": get("GET /smuggled HTTP/1.1", `Host: other.example@${HOST}\r\n`),
  "a host with a path": get("GET /smuggled HTTP/1.1", `Host: ${HOST}/x\r\n`),
  "a list of hosts": get("GET /smuggled HTTP/1.1", `Host: ${HOST}, other.example\r\n`),
  "a space before the colon of Host": get("GET /smuggled HTTP/1.1", `Host : ${HOST}\r\n`),
  "an absolute target of another host": get("GET http://other.example/smuggled HTTP/1.1"),
  "an absolute target of the same host": get(`GET http://${HOST}/smuggled HTTP/1.1`),
  "a target that begins like a host": get(`GET ${HOST}:443 HTTP/1.1`),
  "a target of two hosts": get(`GET https://${HOST}@other.example/smuggled HTTP/1.1`),
  "a space in the target": get("GET /smuggled x HTTP/1.1"),
  "a tab in the request line": get("GET\t/smuggled\tHTTP/1.1"),
  "a NUL in the target": get("GET /smuggled\0 HTTP/1.1"),
  "DEL in the target": get("GET /smuggled\x7f HTTP/1.1"),
  "a byte beyond ASCII in the target": get("GET /smuggled\xff HTTP/1.1"),
  "overlong UTF-8 in the target": get("GET /smuggled\xc0\xaf HTTP/1.1"),
  "a fragment": get("GET /smuggled#x HTTP/1.1"),
  "a backslash in the target": get("GET /\\smuggled HTTP/1.1"),
  "an escape that is none": get("GET /smuggled%zz HTTP/1.1"),
  "an escaped NUL": get("GET /smuggled%00 HTTP/1.1"),
  "HTTP/0.9": "GET /smuggled\r\n\r\n",
  "HTTP/2.0 in words": get("GET /smuggled HTTP/2.0"),
  "HTTP/1.10": get("GET /smuggled HTTP/1.10"),
  "lower-case http/1.1": get("GET /smuggled http/1.1"),
  "bare line feeds": INNER.replaceAll("\r\n", "\n"),
  "bare carriage returns": INNER.replaceAll("\r\n", "\r"),
  "a line without a colon": get("GET /smuggled HTTP/1.1", `${H}nothing\r\n`),
  "a space in a name": get("GET /smuggled HTTP/1.1", `${H}a b: c\r\n`),
  "a quote in a name": get("GET /smuggled HTTP/1.1", `${H}a"b: c\r\n`),
  "a NUL in a name": get("GET /smuggled HTTP/1.1", `${H}a\0b: c\r\n`),
  "a byte beyond ASCII in a name": get("GET /smuggled HTTP/1.1", `${H}a\xe9: c\r\n`),
  "a line that begins with a space": get("GET /smuggled HTTP/1.1", ` ${H}${H}`),
  "a folded field": get("GET /smuggled HTTP/1.1", `${H}A: b\r\n c\r\n`),
  "a folded field by tab": get("GET /smuggled HTTP/1.1", `${H}A: b\r\n\tc\r\n`),
  "a NUL in a value": get("GET /smuggled HTTP/1.1", `${H}A: b\0c\r\n`),
  "a bare carriage return in a value": get("GET /smuggled HTTP/1.1", `${H}A: b\rC: d\r\n`),
  "a bare line feed in a value": get("GET /smuggled HTTP/1.1", `${H}A: b\nC: d\r\n`),
  "DEL in a value": get("GET /smuggled HTTP/1.1", `${H}A: b\x7f\r\n`),
  "a method with a space before it": get(" GET /smuggled HTTP/1.1"),
  "a method that is no token": get("GE{T /smuggled HTTP/1.1"),
  "HTTP/1.0 with chunks": `POST /outer HTTP/1.0\r\n${H}${CHUNKED}\r\n0\r\n\r\n${INNER}`,
  "HTTP/1.0 without a host": "GET /smuggled HTTP/1.0\r\n\r\n",
  "the preface of HTTP/2": `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${INNER}`,
  "chunked with a list that ends empty": post("Transfer-Encoding: chunked,\r\n", `0\r\n\r\n${INNER}`),
  "chunked with a list that begins empty": post("Transfer-Encoding: ,chunked\r\n", `0\r\n\r\n${INNER}`),
  "chunked with a parameter": post("Transfer-Encoding: chunked;a=b\r\n", `0\r\n\r\n${INNER}`),
  "gzip, then chunked": post("Transfer-Encoding: gzip, chunked\r\n", `0\r\n\r\n${INNER}`),
  "identity and a length": post(`Transfer-Encoding: identity\r\n${LENGTH}`, INNER),
  "chunked with a byte beyond ASCII": post(`Transfer-Encoding: chunked\xa0\r\n${LENGTH}`, INNER),
  "chunked with a long s": post(`Transfer-Encoding: chun\xe2\x84\xaaed\r\n${LENGTH}`, INNER),
  "a length behind a vertical tab": post(`Content-Length: \v${INNER.length}\r\n`, INNER),
  "a length of other digits": post("Content-Length: \xd9\xa1\r\n", INNER),
  "a length in exponents": post("Content-Length: 1e1\r\n", INNER),
  "two lengths by case": post(`content-length: 0\r\n${LENGTH}`, INNER),
  "a length and a folded line that ends the head": post(`Content-Length: 0\r\n \r\n`, INNER),
  "a list of equal lengths": post("Content-Length: 5, 5\r\n", `hello${INNER}`),
  "a head that ends with bare line feeds": `POST /outer HTTP/1.1\r\n${H}Content-Length: 0\n\n${INNER}`,
  "a host with a NUL": get("GET /smuggled HTTP/1.1", `Host: ${HOST}\0.other.example\r\n`),
  "a host with a space": get("GET /smuggled HTTP/1.1", `Host: ${HOST} other.example\r\n`),
  "a host with a backslash": get("GET /smuggled HTTP/1.1", `Host: other.example\\@${HOST}\r\n`),
  "a host with an escape": get("GET /smuggled HTTP/1.1", `Host: www%2eexample.com\r\n`),
  "a host with a query": get("GET /smuggled HTTP/1.1", `Host: ${HOST}?x\r\n`),
  "a host of another spelling in full width": get("GET /smuggled HTTP/1.1", "Host: \xef\xbd\x97ww.example.com\r\n"),
  "an absolute target without a host": get(`GET http://${HOST}/smuggled HTTP/1.1`, ""),
  "a line feed in the target": get("GET /smuggled\nX: y HTTP/1.1"),
  "a carriage return in the target": get("GET /smuggled\rX: y HTTP/1.1"),
  "a space behind the version": get("GET /smuggled HTTP/1.1 "),
  "a version with a letter": get("GET /smuggled HTTP/1.1x"),
  "HTTP/3": get("GET /smuggled HTTP/3.0"),
};

/** Forms that one of the parsers refuses as well; the other takes each for one request in which nothing of the fault is left. */
export const lenient: Readonly<Record<string, string>> = {
  "two spaces in the request line": get("GET  /outer HTTP/1.1"),
  "HTTP/1.0 with a length and keep-alive": `POST /outer HTTP/1.0\r\n${H}Connection: keep-alive\r\n${LENGTH}\r\n${INNER}`,
  "a size of very many zeros": post(CHUNKED, `${"0".repeat(10_000)}5\r\nhello\r\n0\r\n\r\n`),
  "a field without a name, behind which nothing is seen": get("GET /outer HTTP/1.1", `${H}: a\r\nX-Behind: b\r\n`),
  "chunks with an extension": post(CHUNKED, '5;a="b"\r\nhello\r\n0\r\n\r\n'),
  "chunked between blanks": post("Transfer-Encoding: \t chunked \t\r\n", "5\r\nhello\r\n0\r\n\r\n"),
  "a trailer": post(CHUNKED, "5\r\nhello\r\n0\r\nA: b\r\n\r\n"),
  "a trailer that says a host": post(CHUNKED, "5\r\nhello\r\n0\r\nHost: other.example\r\n\r\n"),
  "a line break before the request": `\r\n${get("GET /outer HTTP/1.1")}`,
  "many line breaks before the request": `${"\r\n".repeat(1_000)}${get("GET /outer HTTP/1.1")}`,
  "a list of closes": get("GET /outer HTTP/1.1", `${H}Connection: close\r\nConnection: x, closed\r\n`),
};

/** Forms whose head is right and whose body is not: a function may be asked, and is told that the body broke off; nothing behind it is a request. */
export const bodies: Readonly<Record<string, string>> = {
  "a size that is no number": "zz\r\n",
  "an empty size": "\r\n",
  "a negative size": "-1\r\n",
  "a size with 0x": "0x5\r\nhello\r\n0\r\n\r\n",
  "a size with a sign": "+5\r\nhello\r\n0\r\n\r\n",
  "a size behind a space": " 5\r\nhello\r\n0\r\n\r\n",
  "a size that overflows 64 bits": "10000000000000005\r\nhello\r\n0\r\n\r\n",
  "a size beyond the bound": "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
  "a size that ends with a bare line feed": "5\nhello\r\n0\r\n\r\n",
  "an extension that ends with a bare line feed": "5;a\nhello\r\n0\r\n\r\n",
  "a chunk longer than its size": "5\r\nhelloXX\r\n0\r\n\r\n",
  "a chunk that ends with a bare line feed": "5\r\nhello\n0\r\n\r\n",
  "a chunk that ends with nothing": "5\r\nhello0\r\n\r\n",
  "a NUL in an extension": "5;\0\r\nhello\r\n0\r\n\r\n",
  "an extension that is huge": `5;${"a".repeat(100_000)}\r\nhello\r\n0\r\n\r\n`,
  "an extension with a bare carriage return": "5;a\rb\r\nhello\r\n0\r\n\r\n",
  "a size behind a line of its own": "\r\n5\r\nhello\r\n0\r\n\r\n",
  "a size that ends with a bare carriage return": "5\rhello\r\n0\r\n\r\n",
  "a space before the size's end": "5 \r\nhello\r\n0\r\n\r\n",
  "a tab before the size's end": "5\t\r\nhello\r\n0\r\n\r\n",
  "a size with an underscore": "0_5\r\nhello\r\n0\r\n\r\n",
  "a chunk that ends with other bytes": "5\r\nhelloxx0\r\n\r\n",
  "a last chunk that ends with bare line feeds": "5\r\nhello\r\n0\n\n",
  "a trailer that says a length": `5\r\nhello\r\n0\r\nContent-Length: ${INNER.length}\r\n\r\n`,
  "a trailer that says chunks": `5\r\nhello\r\n0\r\n${CHUNKED}\r\n`,
  "a trailer that is folded": "5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n",
  "a trailer without a colon": "5\r\nhello\r\n0\r\nnothing\r\n\r\n",
  "trailers without end": `5\r\nhello\r\n0\r\n${"A: b\r\n".repeat(50_000)}`,
};

/** Forms that are one request, however odd; what follows it is none. Each is answered once. */
export const taken: Readonly<Record<string, { readonly bytes: string; readonly body: string }>> = {
  "chunks in two pieces": { bytes: post(CHUNKED, "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), body: "hello" },
  "Chunked in capitals": { bytes: post("Transfer-Encoding: CHUNKED\r\n", "5\r\nhello\r\n0\r\n\r\n"), body: "hello" },
  "a length with zeros before it": { bytes: post("Content-Length: 0005\r\n", "hello"), body: "hello" },
  "a length between blanks": { bytes: post("Content-Length: \t 5 \t\r\n", "hello"), body: "hello" },
  "a body that looks like a request": { bytes: post(LENGTH, INNER), body: INNER },
  "chunks that look like a request": {
    bytes: post(CHUNKED, `${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`),
    body: INNER,
  },
  "a length that Connection names": {
    bytes: post("Connection: content-length\r\nContent-Length: 5\r\n", "hello"),
    body: "hello",
  },
  "chunks that Connection names": {
    bytes: post(`Connection: transfer-encoding\r\n${CHUNKED}`, "5\r\nhello\r\n0\r\n\r\n"),
    body: "hello",
  },
  "a host that Connection names": { bytes: get("GET /outer HTTP/1.1", `Connection: host\r\n${H}`), body: "" },
  "an upgrade to HTTP/2": {
    bytes: get(
      "GET /outer HTTP/1.1",
      `${H}Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n`,
    ),
    body: "",
  },
  "an underscore in the name of a length": {
    bytes: post("Content_Length: 3\r\nContent-Length: 5\r\n", "hello"),
    body: "hello",
  },
  "a body that is expected": { bytes: post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello"), body: "hello" },
  "a GET with a body": { bytes: get("GET /outer HTTP/1.1", `${H}${LENGTH}`) + INNER, body: INNER },
  "a GET with chunks": {
    bytes: get("GET /outer HTTP/1.1", `${H}${CHUNKED}`) + "5\r\nhello\r\n0\r\n\r\n",
    body: "hello",
  },
};

/** What may come behind a whole request and is none. */
export const junk: Readonly<Record<string, string>> = {
  "more of the body than it said": post("Content-Length: 5\r\n", "helloworld"),
  "more of the body, which ends like a head": post("Content-Length: 5\r\n", "helloX: y\r\n\r\n"),
  "bytes behind the last chunk": post(CHUNKED, "5\r\nhello\r\n0\r\n\r\n5\r\nworld\r\n0\r\n\r\n"),
  "a NUL": `${get("GET /outer HTTP/1.1")}\0`,
  "a line without a version": `${get("GET /outer HTTP/1.1")}GET /smuggled\r\n\r\n`,
  "a head of bare line feeds": get("GET /outer HTTP/1.1") + INNER.replaceAll("\r\n", "\n"),
  "a head with two lengths":
    get("GET /outer HTTP/1.1") + post(`Content-Length: 0\r\n${LENGTH}`, "").replace("/outer", "/smuggled"),
};

/** A form with paths of its own, as long as they were. */
export function marked(bytes: string, mark: string): string {
  return bytes.replaceAll("/smuggled", `/smuggl${mark}`).replaceAll("/outer", `/out${mark}`);
}

/** Marks of two characters. */
export function markOf(index: number): string {
  return index.toString(36).padStart(2, "0");
}
