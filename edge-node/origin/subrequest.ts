/**
 * `fetch` for functions (InvocationHost.fetch): one subrequest with its redirects (Fetch standard, HTTP-redirect fetch).
 *
 * Knows no function and counts nothing: limits are the runtime's. Invariant: every hop passes the egress policy of its connections, credentials
 * never follow a redirect to another origin, and the loop field goes out on every hop whatever the function set.
 */
import { emptyBody, type Body } from "../../runtime/body.ts";
import { SubrequestError, type Subrequest, type SubrequestResponse } from "../../runtime/driver.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { deleteHeader, getHeader, hasHeader, setHeader, type HeaderText } from "../../sdk/header-text.ts";
import { ByteQueue, type ByteSource } from "../pipeline/byte-queue.ts";
import { removeHopByHop } from "../pipeline/hop-headers.ts";
import type { Connections } from "./connections.ts";
import { acceptedCodings, decodeContent } from "./content-decoding.ts";
import { judgePlace, type EgressRules } from "./egress-rules.ts";
import { startExchange, type ExchangeResponse } from "./http-exchange.ts";

export interface SubrequestContext {
  readonly connections: Connections;
  /** The function's own lists; null: none. */
  readonly egress: EgressRules | null;
  /** The CDN-Loop field to send. */
  readonly cdnLoop: string;
  /** Ends the subrequest at any time, its answer's body included. */
  readonly signal: AbortSignal;
}

/** Fetch standard: a 21st redirect is a network error. */
const REDIRECTS_MAX = 20;
const HEAD_TIMEOUT_MS = 60_000;
const IDLE_TIMEOUT_MS = 60_000;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** One request on the way of a subrequest through its redirects. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: HeaderText;
  readonly body: Body;
}

export type HopResponse = ExchangeResponse;

/** Performs a subrequest over the network. Throws SubrequestError when there is no response. */
export function subrequest(context: SubrequestContext, request: Subrequest): Promise<SubrequestResponse> {
  return followRedirects(request, (hop) => sendHop(context, hop));
}

/** Sends a request and follows its redirects as it asks for, whoever answers. */
export async function followRedirects(
  request: Subrequest,
  send: (hop: Hop) => Promise<HopResponse>,
): Promise<SubrequestResponse> {
  let hop: Hop = { method: request.method, url: parseUrl(request.url), headers: request.headers, body: request.body };
  for (let redirects = 0; ; redirects++) {
    const response = await send(hop);
    const location = redirectStatuses.has(response.status) ? getHeader(response.headers, "location") : undefined;
    if (location === undefined || request.redirect === "manual") return answer(response, { hop, redirects });
    await discard(response.body);
    if (request.redirect === "error") throw new SubrequestError("ORIGIN_MALFORMED", "The answer is a redirect");
    if (redirects === REDIRECTS_MAX) throw new SubrequestError("ORIGIN_MALFORMED", "Too many redirects");
    hop = followRedirect(hop, { status: response.status, location });
  }
}

async function sendHop(context: SubrequestContext, hop: Hop): Promise<ExchangeResponse> {
  const { signal } = context;
  if (signal.aborted) throw new SubrequestError("REQUEST_ABORTED", "The request was aborted");
  const { url } = hop;
  const addresses = judgePlace(context.egress, url);
  if (addresses?.isNone === true) throw notListed();
  const running = startExchange(context.connections.pool({ origin: url.origin, serverName: url.host, addresses }), {
    method: hop.method,
    target: `${url.pathname}${url.search}`,
    headers: hopHeaders(hop, context.cdnLoop),
    body: hop.body,
    headTimeoutMs: HEAD_TIMEOUT_MS,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
  });
  const abort = (): void => running.abort();
  signal.addEventListener("abort", abort, { once: true });
  const result = await running.result;
  if (result.kind === "response" && result.body.kind === "stream") return result;
  signal.removeEventListener("abort", abort);
  if (result.kind === "response") return { ...result, body: asStream(result.body) };
  throw new SubrequestError(result.code, describeFailure(result.code));
}

/** A body that came with its head, for decoders and functions, which read streams. */
function asStream(body: Body): Body {
  if (body.kind !== "bytes") return body;
  const chunks = new ByteQueue(arrivedSource, { bytesMax: body.bytes.byteLength + 1 });
  chunks.push(body.bytes);
  chunks.end();
  return { kind: "stream", chunks, lengthBytes: body.bytes.byteLength, givesChunks: true };
}

const arrivedSource: ByteSource = { pause: () => {}, resume: () => {}, cancel: () => {} };

function hopHeaders(hop: Hop, cdnLoop: string): HeaderText {
  let headers = deleteHeader(removeHopByHop(hop.headers), "expect");
  headers = setHeader(headers, "host", hop.url.host);
  headers = setHeader(headers, "cdn-loop", cdnLoop);
  if (!hasHeader(headers, "accept-encoding")) headers = setHeader(headers, "accept-encoding", acceptedCodings);
  // Fetch §4.6, "HTTP-network-or-cache fetch" and the defaults of "fetch".
  if (!hasHeader(headers, "accept")) headers = setHeader(headers, "accept", "*/*");
  if (!hasHeader(headers, "accept-language")) headers = setHeader(headers, "accept-language", "*");
  return headers;
}

function answer(
  response: ExchangeResponse,
  { hop, redirects }: { readonly hop: Hop; readonly redirects: number },
): SubrequestResponse {
  const { headers, body } = decodeContent(response);
  const url = hop.url.href;
  return { status: response.status, statusText: response.statusText, headers, body, url, redirected: redirects > 0 };
}

function followRedirect(hop: Hop, redirect: { readonly status: number; readonly location: string }): Hop {
  const { status, location } = redirect;
  if (!URL.canParse(location, hop.url.href))
    throw new SubrequestError("ORIGIN_MALFORMED", "The redirect has no valid URL");
  const url = new URL(location, hop.url);
  if (!isHttp(url)) throw new SubrequestError("EGRESS_DENIED", "The redirect leaves http and https");
  // Fetch §4.4, "HTTP-redirect fetch": a function has no origin of its own, so every URL is of another one.
  if (url.username !== "" || url.password !== "") {
    throw new SubrequestError("ORIGIN_MALFORMED", "The redirect's URL holds credentials");
  }
  if (url.hash === "") url.hash = hop.url.hash;
  if (status !== 303 && hop.body.kind === "stream") {
    throw new SubrequestError("ORIGIN_MALFORMED", "A streamed body cannot be sent again after a redirect");
  }
  let { method, headers, body } = hop;
  const becomesGet =
    ((status === 301 || status === 302) && method === "POST") ||
    (status === 303 && method !== "GET" && method !== "HEAD");
  if (becomesGet) {
    method = "GET";
    body = emptyBody;
    for (const name of ["content-encoding", "content-language", "content-location", "content-type", "content-length"]) {
      headers = deleteHeader(headers, name);
    }
  }
  if (url.origin !== hop.url.origin) {
    for (const name of ["authorization", "cookie", "proxy-authorization", "host"])
      headers = deleteHeader(headers, name);
  }
  return { method, url, headers, body };
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new SubrequestError("REQUEST_MALFORMED", "The URL is not valid");
  const url = new URL(text);
  if (!isHttp(url)) throw new SubrequestError("EGRESS_DENIED", "Only http and https can be fetched");
  return url;
}

function isHttp(url: URL): boolean {
  return url.protocol === "http:" || url.protocol === "https:";
}

async function discard(body: Body): Promise<void> {
  if (body.kind === "stream") await body.chunks[Symbol.asyncIterator]().return?.();
}

/** The function's own lists do not hold the place. */
export function notListed(): SubrequestError {
  return new SubrequestError("FUNCTION_EGRESS_DENIED", describeFailure("FUNCTION_EGRESS_DENIED"));
}

/** What a function may read about the network: never the address that was tried. */
export function describeFailure(code: ErrorCode): string {
  switch (code) {
    case "EGRESS_DENIED":
      return "The address may not be reached";
    case "FUNCTION_EGRESS_DENIED":
      return "The function's own egress lists do not allow the address";
    case "ORIGIN_TIMEOUT":
      return "The server did not answer in time";
    case "ORIGIN_UNREACHABLE":
      return "The server could not be reached";
    case "REQUEST_ABORTED":
      return "The request was aborted";
    default:
      return "The server's answer is not usable";
  }
}
