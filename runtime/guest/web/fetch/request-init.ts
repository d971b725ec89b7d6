/**
 * From the arguments of `new Request` and `fetch` to a RequestState (https://fetch.spec.whatwg.org/#dom-request).
 *
 * Members with a meaning only in browsers are checked and kept as labels; members that other platforms add and that would
 * silently do nothing are refused.
 */
import type { Body } from "../body/body.ts";
import { type BodyInit, extractBody, type ExtractedBody } from "../body/extract-body.ts";
import { toDictionary, toDomString, toPrintable, toUsvString } from "../core/webidl.ts";
import { type AbortSignal, followSignals, isAbortSignal } from "../events/abort-signal.ts";
import { HeaderList } from "../headers/header-list.ts";
import { contentTypeName } from "../headers/header-name.ts";
import { fillHeaderList, type HeadersInit } from "../headers/headers.ts";
import { isReadableStream } from "../streams/streams.ts";
import { normalizeUrl } from "../url/url.ts";
import { defaultLabels, type RedirectMode, type RequestLabels, RequestState } from "./request-state.ts";

export interface RequestInit {
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly body?: BodyInit | null;
  readonly redirect?: RedirectMode;
  readonly signal?: AbortSignal | null;
  readonly cache?: string;
  readonly credentials?: string;
  readonly integrity?: string;
  readonly keepalive?: boolean;
  readonly mode?: string;
  readonly referrer?: string;
  readonly referrerPolicy?: string;
  readonly duplex?: string;
  readonly window?: null;
  readonly priority?: string;
}

/** `source` is the state of the Request given as input, or null when the input is a URL. */
export function requestStateOf(input: unknown, source: RequestState | null, init: unknown): RequestState {
  const options = toDictionary(init, "Request");
  refuseForeign(options);
  const url = source === null ? parseRequestUrl(toUsvString(input)) : source.url;
  const labels = labelsOf(options, source?.labels ?? defaultLabels);
  const redirect = redirectOf(options["redirect"], source?.redirect ?? "follow");
  const method = options["method"] === undefined ? (source?.method ?? "GET") : normalizeMethod(options["method"]);
  const signalSource = signalSourceOf(options["signal"], source);
  const headerList = new HeaderList("");
  if (options["headers"] === undefined) headerList.fill(source?.headerList.text ?? "");
  else fillHeaderList(headerList, options["headers"]);
  if (labels.mode === "no-cors" && !simpleMethods.has(method)) {
    throw new TypeError(`Cannot create a Request: mode "no-cors" allows GET, HEAD and POST: received ${method}`);
  }
  const body = bodyFor({ method, headerList, source, init: options["body"], duplex: options["duplex"] });
  return new RequestState({ method, url, headerList, body, redirect, labels, signalSource });
}

/** A URL a function can ask for: absolute, without credentials. Throws a TypeError otherwise. */
function parseRequestUrl(text: string): string {
  const url = normalizeUrl(text);
  if (url === null) throw new TypeError(`Cannot create a Request: invalid URL: ${toPrintable(text)}`);
  // Ordinary URLs hold no "@" before the path; the others are few.
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/.test(url)) {
    throw new TypeError(`Cannot create a Request: the URL holds credentials: ${toPrintable(text)}`);
  }
  return url;
}

interface BodyParts {
  readonly method: string;
  readonly headerList: HeaderList;
  readonly source: RequestState | null;
  readonly init: unknown;
  readonly duplex: unknown;
}

function bodyFor(parts: BodyParts): Body | null {
  const { init, source } = parts;
  const given = init !== undefined && init !== null;
  const hasBody = given || (source?.body ?? null) !== null;
  if (hasBody && (parts.method === "GET" || parts.method === "HEAD")) {
    throw new TypeError(`Cannot create a Request: a ${parts.method} request has no body`);
  }
  if (given) {
    if (isReadableStream(init) && parts.duplex === undefined) {
      throw new TypeError('Cannot create a Request: a stream as body needs the option duplex: "half"');
    }
    const extracted: ExtractedBody = extractBody(init, "create a Request");
    if (extracted.contentType !== null && !parts.headerList.has(contentTypeName)) {
      parts.headerList.fill(`content-type:${extracted.contentType}\n`);
    }
    return extracted.body;
  }
  return source?.body?.move("create a Request") ?? null;
}

/** Methods whose spelling is corrected; others are taken as they are (Fetch §2.2.1). */
const spelledUpper: ReadonlySet<string> = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);
const forbidden: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);
/** https://fetch.spec.whatwg.org/#cors-safelisted-method */
const simpleMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST"]);

function normalizeMethod(value: unknown): string {
  const method = toDomString(value);
  const upper = method.toUpperCase();
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method) || forbidden.has(upper)) {
    throw new TypeError(`Cannot create a Request: the method ${toPrintable(method)} is invalid or forbidden`);
  }
  return spelledUpper.has(upper) ? upper : method;
}

function redirectOf(value: unknown, otherwise: RedirectMode): RedirectMode {
  if (value === undefined) return otherwise;
  const text = toDomString(value);
  if (text === "follow" || text === "error" || text === "manual") return text;
  throw new TypeError(
    `Cannot create a Request: redirect: received ${toPrintable(text)}, allowed follow, error, manual`,
  );
}

/** Allowed values of the labels that have a closed list. */
const labelValues: Readonly<Partial<Record<keyof RequestLabels, readonly string[]>>> = {
  cache: ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"],
  credentials: ["omit", "same-origin", "include"],
  duplex: ["half"],
  mode: ["same-origin", "no-cors", "cors"],
  referrerPolicy: [
    "",
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
  ],
};
const labelNames = Object.keys(defaultLabels) as (keyof RequestLabels)[];

function labelsOf(options: Readonly<Record<string, unknown>>, base: RequestLabels): RequestLabels {
  let labels: RequestLabels = base;
  for (const name of labelNames) {
    const value = options[name];
    if (value === undefined) continue;
    if (name === "keepalive") {
      labels = { ...labels, keepalive: Boolean(value) };
      continue;
    }
    if (name === "referrer") {
      labels = { ...labels, referrer: referrerOf(value) };
      continue;
    }
    const text = toDomString(value);
    const allowed = labelValues[name];
    if (allowed !== undefined && !allowed.includes(text)) {
      throw new TypeError(
        `Cannot create a Request: ${name}: received ${toPrintable(text)}, allowed ${allowed.join(", ")}`,
      );
    }
    labels = { ...labels, [name]: text };
  }
  if (labels.cache === "only-if-cached" && labels.mode !== "same-origin") {
    throw new TypeError('Cannot create a Request: cache "only-if-cached" needs mode "same-origin"');
  }
  return labels;
}

/** Empty for no referrer, else an absolute URL: there is no document that a relative one could belong to. */
function referrerOf(value: unknown): string {
  const text = toUsvString(value);
  const url = text === "" ? "" : normalizeUrl(text);
  if (url === null) throw new TypeError(`Cannot create a Request: referrer: invalid URL: ${toPrintable(text)}`);
  return url;
}

/** Members that mean something on other platforms, and what does the same here; ignoring them would surprise. */
const foreignMembers: Readonly<Record<string, string>> = {
  cf: "set lifetimes with Cache-Control or the domain's cache rules",
  next: "set lifetimes with Cache-Control or the domain's cache rules",
  cacheOverride: "set lifetimes with Cache-Control or the domain's cache rules",
  cacheKey: "set the key with the domain's cache rules",
  backend: "the URL names the server",
  fetcher: "the URL names the server",
  dispatcher: "connections are the node's",
  agent: "connections are the node's",
  client: "connections are the node's",
  proxy: "connections are the node's",
  tls: "connections are the node's",
  unix: "connections are the node's",
};
const foreignNames: readonly string[] = Object.keys(foreignMembers);

const priorities: ReadonlySet<string> = new Set(["auto", "high", "low"]);

function refuseForeign(options: Readonly<Record<string, unknown>>): void {
  if (options["window"] !== undefined && options["window"] !== null) {
    throw new TypeError("Cannot create a Request: the option window can only be null");
  }
  for (const name of foreignNames) {
    if (options[name] === undefined) continue;
    throw new TypeError(`Cannot create a Request: the option ${name} does not exist here: ${foreignMembers[name]}`);
  }
  const { priority } = options;
  if (priority === undefined) return;
  const text = toDomString(priority);
  if (!priorities.has(text)) {
    throw new TypeError(`Cannot create a Request: priority: received ${toPrintable(text)}, allowed auto, high, low`);
  }
}

function signalSourceOf(value: unknown, source: RequestState | null): (() => AbortSignal) | null {
  if (value === undefined) return source === null ? null : followSource(source);
  if (value === null) return null;
  if (!isAbortSignal(value)) throw new TypeError("Cannot create a Request: the option signal is not an AbortSignal");
  const signal = followSignals([value]);
  return () => signal;
}

function followSource(source: RequestState): () => AbortSignal {
  return () => followSignals([source.signal()]);
}
