/**
 * The head of a request as it enters: everything a lenient parser lets through and a proxy must not pass on is refused here, before
 * anything else looks at it (RFC 9112 §11.2 is about what happens otherwise).
 *
 * Knows the parser's view of a head, no domain and no rule. Invariant: what leaves this file is within the grammar, free of hop-by-hop fields and
 * of fields that only this node may set, in whatever spelling origins may take for them.
 */
import type { ErrorCode } from "../../sdk/error-code.ts";
import { isHeaderName, isHeaderValue, type HeaderText } from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { isHopByHop, removeHopByHop } from "../pipeline/hop-headers.ts";
import type { WireUrl } from "../pipeline/wire-url.ts";
import { KnownUrls } from "./known-urls.ts";

export interface IncomingHead {
  readonly kind: "head";
  readonly method: string;
  readonly url: WireUrl;
  readonly headers: HeaderText;
  /** Undefined: chunked. 0: no body. */
  readonly bodyBytes: number | undefined;
  /** The CDN-Loop field, lines joined. */
  readonly cdnLoop: string;
  /** X-Forwarded-For and X-Forwarded-Proto, lines joined; whether they are believed is not decided here. */
  readonly forwardedFor: string;
  readonly forwardedProto: string;
  /** The client will not use the connection again (RFC 9112 §9.6). */
  readonly isLast: boolean;
}

export interface RefusedHead {
  readonly kind: "refused";
  readonly code: ErrorCode;
  readonly method: string;
}

/** A parser's view of a head; uWebSockets' own object is one. */
export interface HeadSource {
  getCaseSensitiveMethod(): string;
  /** The target without its query. */
  getUrl(): string;
  getQuery(): string | undefined;
  /** Names in lower case. */
  forEach(visit: (name: string, value: string) => void): void;
}

export interface HeadReaderOptions {
  /** Of the listener. */
  readonly scheme: "http" | "https";
  /** How the parser made strings of the bytes of values. */
  readonly values: "utf-8" | "latin-1";
}

const METHOD = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,32}$/;
const ASCII_VALUE = /^[\t\x20-\x7e]*$/;
const DIGITS = /^\d{1,15}$/;
/** Answering TRACE would show a request's fields to scripts; CONNECT and TRACK have no meaning here. */
const refusedMethods = new Set(["TRACE", "TRACK", "CONNECT"]);
/** What most requests carry, and nothing here looks at: known to be names. */
const everydayFields: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "authorization",
  "cache-control",
  "content-type",
  "cookie",
  "dnt",
  "if-modified-since",
  "if-none-match",
  "origin",
  "pragma",
  "priority",
  "range",
  "referer",
  "sec-ch-ua",
  "sec-ch-ua-mobile",
  "sec-ch-ua-platform",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "sec-fetch-user",
  "upgrade-insecure-requests",
  "user-agent",
]);

/** What this node says itself, or acts upon, as far as it has a hyphen. */
const ownFields: ReadonlySet<string> = new Set([
  "content-length",
  "cdn-loop",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-request-id",
]);

/** Reads heads one after the other; one object for all requests of a listener, since each is read in one go. */
export class HeadReader {
  #text = "";
  #lines = 0;
  #host: string | null = null;
  #contentLength: string | null = null;
  #transferEncoding: string | null = null;
  #connection = "";
  #cdnLoop = "";
  #forwardedFor = "";
  #forwardedProto = "";
  #isLast = false;
  #problem: ErrorCode | null = null;
  readonly #urls: KnownUrls;
  readonly #visit = (name: string, value: string): void => this.#field(name, value);

  readonly #options: HeadReaderOptions;

  constructor(options: HeadReaderOptions) {
    this.#options = options;
    this.#urls = new KnownUrls(options.scheme);
  }

  read(request: HeadSource): IncomingHead | RefusedHead {
    const method = request.getCaseSensitiveMethod();
    const path = request.getUrl();
    const rawQuery = request.getQuery();
    this.#reset();
    request.forEach(this.#visit);
    const query = rawQuery === undefined || rawQuery === "" ? "" : `?${rawQuery}`;
    const code = this.#problem ?? this.#judge(method, path.length + query.length);
    const url = code === null && this.#host !== null ? this.#urls.read(this.#host, path, query) : null;
    if (url === null) return { kind: "refused", code: code ?? "REQUEST_MALFORMED", method };
    const bodyBytes = this.#transferEncoding === null ? Number(this.#contentLength ?? 0) : undefined;
    const headers = this.#connection === "" ? this.#text : removeHopByHop(this.#connection + this.#text);
    return {
      kind: "head",
      method,
      url,
      headers,
      bodyBytes,
      cdnLoop: this.#cdnLoop,
      forwardedFor: this.#forwardedFor,
      forwardedProto: this.#forwardedProto,
      isLast: this.#isLast,
    };
  }

  #reset(): void {
    this.#text = "";
    this.#lines = 0;
    this.#host = null;
    this.#contentLength = null;
    this.#transferEncoding = null;
    this.#connection = "";
    this.#isLast = false;
    this.#cdnLoop = "";
    this.#forwardedFor = "";
    this.#forwardedProto = "";
    this.#problem = null;
  }

  #judge(method: string, targetLength: number): ErrorCode | null {
    if (method !== "GET") {
      if (!METHOD.test(method)) return "REQUEST_MALFORMED";
      if (refusedMethods.has(method)) return "REQUEST_METHOD_REFUSED";
    }
    if (targetLength > messageLimits.urlBytesMax) return "REQUEST_TARGET_TOO_LONG";
    if (this.#text.length > messageLimits.headerBytesMax || this.#lines > messageLimits.headerLinesMax) {
      return "REQUEST_HEADERS_TOO_LARGE";
    }
    if (this.#contentLength !== null && !DIGITS.test(this.#contentLength)) return "REQUEST_MALFORMED";
    if (this.#transferEncoding === null) return null;
    const chunkedOnly = this.#transferEncoding.toLowerCase() === "chunked" && this.#contentLength === null;
    return chunkedOnly ? null : "REQUEST_MALFORMED";
  }

  #field(name: string, received: string): void {
    this.#lines++;
    const value = ASCII_VALUE.test(received) ? received : this.#originalBytes(received);
    const isKnown = everydayFields.has(name);
    if (value === null || !(isKnown || isHeaderName(name))) {
      this.#problem = "REQUEST_MALFORMED";
      return;
    }
    if (!isKnown && !this.#special(name, value)) return;
    this.#text += `${name}:${value}\n`;
  }

  /** Fields that mean something to this node. Returns whether the field goes on. */
  #special(name: string, value: string): boolean {
    switch (name) {
      case "host":
        if (this.#host !== null) this.#problem = "REQUEST_MALFORMED";
        this.#host = value;
        break;
      case "content-length":
        if (this.#contentLength !== null) this.#problem = "REQUEST_MALFORMED";
        this.#contentLength = value;
        break;
      case "transfer-encoding":
        if (this.#transferEncoding !== null) this.#problem = "REQUEST_MALFORMED";
        this.#transferEncoding = value;
        return false;
      case "connection":
        this.#connectionOptions(value.toLowerCase());
        return false;
      case "cdn-loop":
        this.#cdnLoop = this.#cdnLoop === "" ? value : `${this.#cdnLoop}, ${value}`;
        break;
      case "x-forwarded-for":
        this.#forwardedFor = this.#forwardedFor === "" ? value : `${this.#forwardedFor},${value}`;
        return false;
      case "x-forwarded-proto":
        this.#forwardedProto = this.#forwardedProto === "" ? value : `${this.#forwardedProto},${value}`;
        return false;
      case "expect":
      case "x-request-id":
      case "x-forwarded-host":
      case "forwarded":
      // Programs behind CGI take it for the variable HTTP_PROXY (CVE-2016-5385); no client has a use for it.
      case "proxy":
        return false;
      default:
        return !isHopByHop(name) && !isDisguised(name);
    }
    return true;
  }

  #connectionOptions(value: string): void {
    // The common values name no field that would have to go.
    if (value === "keep-alive") return;
    if (value.includes("close")) this.#isLast ||= value.split(",").some((option) => option.trim() === "close");
    if (value !== "close") this.#connection += `connection:${value}\n`;
  }

  /** The field's bytes are what counts (RFC 9110 §5.5). Null when they are lost or no value. */
  #originalBytes(received: string): string | null {
    if (this.#options.values === "latin-1") return isHeaderValue(received) ? received : null;
    if (received.includes("\ufffd")) return null;
    const bytes = Buffer.from(received, "utf8").toString("latin1");
    return isHeaderValue(bytes) ? bytes : null;
  }
}

/** Whether origins that make variables of fields, as CGI and WSGI do, would take the field for one that is not the client's to say. */
function isDisguised(name: string): boolean {
  if (!name.includes("_")) return false;
  const meant = name.replaceAll("_", "-");
  return ownFields.has(meant) || isHopByHop(meant);
}
