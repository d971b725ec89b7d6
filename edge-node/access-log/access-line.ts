/**
 * One answer as a line of the access log: JSON with constant names, in a constant order.
 *
 * Pure. Invariants: a line holds no line break but its last character, whatever a client or an origin wrote, and at most
 * `accessLogLimits.lineBytesMax` bytes, so that a pipe takes it whole; what proves a signed URL is not in it.
 */
import { accessLogLimits } from "../../sdk/cdn-limits.ts";
import type { UrlAuth } from "../../sdk/domain-policy.ts";
import { getHeader } from "../../sdk/header-text.ts";
import { cacheResult, formatCacheNote } from "../pipeline/cache-note.ts";
import type { Exchange } from "../pipeline/exchange.ts";

/** What a listener knows of an answer beside its exchange. */
export interface SentAnswer {
  readonly node: string;
  /** When the request came, milliseconds since the epoch. */
  readonly receivedAt: number;
  /** 499: the client did not wait for an answer. */
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  /** Until the last byte was handed over, and until the first one. */
  readonly durationMs: number;
  readonly firstByteMs: number;
  readonly protocol: string;
  readonly tls: string | null;
}

/** The line, its line break included. */
export function accessLine(exchange: Exchange, sent: SentAnswer): string {
  const line = format(exchange, sent, accessLogLimits);
  if (line.length <= accessLogLimits.lineBytesMax / 3) return line;
  if (Buffer.byteLength(line) <= accessLogLimits.lineBytesMax) return line;
  // The same request with what a client can make longest shortened once more.
  return format(exchange, sent, { pathCharsMax: 512, queryCharsMax: 256, headerCharsMax: 64 });
}

interface Bounds {
  readonly pathCharsMax: number;
  readonly queryCharsMax: number;
  readonly headerCharsMax: number;
}

function format(exchange: Exchange, sent: SentAnswer, bounds: Bounds): string {
  const { client, domain, cacheNote, originMs } = exchange;
  const { url, headers, method } = client;
  const { path, query } = withoutProof(url, domain?.config.url_auth);
  const header = (name: string): string => cut(getHeader(headers, name) ?? "", bounds.headerCharsMax);
  return `${JSON.stringify({
    time: new Date(sent.receivedAt).toISOString(),
    node: sent.node,
    requestId: exchange.requestId,
    domain: domain?.config.domain ?? "",
    clientIp: exchange.clientIp,
    scheme: url.scheme,
    protocol: sent.protocol,
    tls: sent.tls,
    method: cut(method, 32),
    host: url.host,
    path: cut(path, bounds.pathCharsMax),
    query: cut(query, bounds.queryCharsMax),
    status: sent.status,
    bytes: sent.bytes,
    durationMs: rounded(sent.durationMs),
    firstByteMs: rounded(sent.firstByteMs),
    cache: cacheResult(cacheNote),
    cacheStatus: formatCacheNote(cacheNote),
    error: exchange.failure,
    originMs: originMs === null ? null : rounded(originMs),
    origin: exchange.originAddress,
    userAgent: header("user-agent"),
    referer: header("referer"),
  })}\n`;
}

const HIDDEN = "…";

/** What proves a signed URL would let everybody who reads the log use it. */
function withoutProof(
  { path, query }: { readonly path: string; readonly query: string },
  auth: UrlAuth | undefined,
): { readonly path: string; readonly query: string } {
  if (auth === undefined || auth.status === "off") return { path, query };
  switch (auth.type) {
    case "type_b":
    case "type_c1":
      // `/TIMESTAMP/SIGNATURE/…` and `/SIGNATURE/TIMESTAMP/…`.
      return { path: path.replace(/^\/[^/]+\/[^/]+(?=\/)/, `/${HIDDEN}/${HIDDEN}`), query };
    default: {
      const names = new Set([auth.sign_arg, auth.time_arg]);
      return { path, query: query === "" ? "" : `?${query.slice(1).split("&").map(hideIn(names)).join("&")}` };
    }
  }
}

function hideIn(names: ReadonlySet<string>): (parameter: string) => string {
  return (parameter) => {
    const [name = ""] = parameter.split("=", 1);
    return names.has(decoded(name)) ? `${name}=${HIDDEN}` : parameter;
  };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}${HIDDEN}`;
}

/** Microseconds are beyond what the clock tells. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
