/**
 * The head of a request as it goes out (RFC 9112 §3, §5), one Latin-1 text.
 *
 * Framing is written here and nowhere else. Invariant: what would be a line, a field or a framing of its own in another place is not sent at all.
 */
import { deleteHeader, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { isHeaderText } from "../pipeline/header-grammar.ts";

export interface RequestHead {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Without hop-by-hop fields; `content-length` in it is ignored, `host` is sent as it stands. */
  readonly headers: HeaderText;
  /** Bytes of the body; `chunked`; null: nothing is said. */
  readonly length: number | "chunked" | null;
}

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
const TARGET = /^[/*][\x21-\x7e\x80-\xff]*$/;
/** Fields that would speak of this connection or of the body's end. */
const framingFields = ["connection", "keep-alive", "transfer-encoding", "upgrade"] as const;

/** Null: a part of it is outside the grammar. */
export function requestHead({ method, target, headers, length }: RequestHead): string | null {
  if (!METHOD.test(method) || !TARGET.test(target) || !isHeaderText(headers)) return null;
  if (framingFields.some((name) => hasHeader(headers, name))) return null;
  const fields = deleteHeader(headers, "content-length");
  return `${method} ${target} HTTP/1.1\r\n${fieldLines(fields)}connection: keep-alive\r\n${framing(length)}\r\n`;
}

function framing(length: RequestHead["length"]): string {
  if (length === null) return "";
  return length === "chunked" ? "transfer-encoding: chunked\r\n" : `content-length: ${length}\r\n`;
}

/** With the blank after the colon that some servers are said to need. */
function fieldLines(headers: HeaderText): string {
  let lines = "";
  for (let at = 0; at < headers.length;) {
    const colon = headers.indexOf(":", at);
    const end = headers.indexOf("\n", colon);
    lines += `${headers.slice(at, colon)}: ${headers.slice(colon + 1, end)}\r\n`;
    at = end + 1;
  }
  return lines;
}
