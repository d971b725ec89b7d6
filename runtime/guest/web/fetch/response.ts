/** Response (https://fetch.spec.whatwg.org/#response-class). */
import type { Blob } from "../body/blob.ts";
import { Body } from "../body/body.ts";
import { type BodyInit, extractBody, textContentType } from "../body/extract-body.ts";
import type { FormData } from "../../parts/form/main.ts";
import { readArrayBuffer, readBlob, readBytes, readFormData, readJson, readText } from "../body/read-body.ts";
import { finishInterface } from "../core/interface.ts";
import {
  illegalInvocation,
  isObject,
  requireArguments,
  toDictionary,
  toDomString,
  toUnsignedShort,
  toUsvString,
} from "../core/webidl.ts";
import { HeaderList } from "../headers/header-list.ts";
import { contentTypeName } from "../headers/header-name.ts";
import { fillHeaderList, type Headers, type HeadersGuard, type HeadersInit, headersOver } from "../headers/headers.ts";
import type { ReadableStream } from "../streams/streams.ts";
import { normalizeUrl, type URL } from "../url/url.ts";
import { loadPart } from "../../parts/load-part.ts";
import type { WebSocket } from "../../parts/websocket/websocket.ts";

export type ResponseType = "default" | "error" | "basic" | "opaqueredirect";

export interface ResponseInit {
  readonly status?: number;
  readonly statusText?: string;
  readonly headers?: HeadersInit;
  /** With status 101 only: one end of a WebSocketPair, or the `webSocket` of another response. */
  readonly webSocket?: WebSocket | null;
}

/** What a Response is, apart from its face; never seen by user code. */
export class ResponseState {
  status: number = 200;
  statusText: string = "";
  type: ResponseType = "default";
  url: string = "";
  redirected: boolean = false;
  guard: HeadersGuard = "none";
  headerList: HeaderList;
  body: Body | null = null;
  headers: Headers | null = null;
  /** Not null exactly when the status is 101. */
  webSocket: WebSocket | null = null;
  /** What a filtered response stands for: sent in its place, never shown. */
  internal: ResponseState | null = null;

  constructor(headerList: HeaderList) {
    this.headerList = headerList;
  }
}

let stateIn: (response: Response) => ResponseState;
let hasBrand: (value: object) => boolean;

export class Response {
  readonly #state: ResponseState;

  constructor(body: BodyInit | null = null, init: ResponseInit | null = null) {
    // `responseOver` hands its state through here; user code never holds one.
    if (body instanceof ResponseState) {
      this.#state = body;
      return;
    }
    const state = stateOfInit(init);
    this.#state = state;
    if (body === null) return;
    refuseNullBodyStatus(state.status);
    if (typeof body === "string") {
      state.body = new Body({ kind: "text", text: body.toWellFormed() });
      if (!state.headerList.has(contentTypeName)) state.headerList.fill(`content-type:${textContentType}\n`);
      return;
    }
    const extracted = extractBody(body, "create a Response");
    state.body = extracted.body;
    if (extracted.contentType !== null && !state.headerList.has(contentTypeName)) {
      state.headerList.fill(`content-type:${extracted.contentType}\n`);
    }
  }

  static error(): Response {
    const state = new ResponseState(new HeaderList(""));
    state.status = 0;
    state.type = "error";
    state.guard = "immutable";
    return responseOver(state);
  }

  static redirect(...parameters: [url: string | URL, status?: number]): Response {
    requireArguments(parameters.length, 1, "Response.redirect");
    const url = normalizeUrl(toUsvString(parameters[0]));
    if (url === null) throw new TypeError("Cannot create a redirect: invalid URL");
    const status = parameters[1] === undefined ? 302 : toUnsignedShort(parameters[1]);
    if (!isRedirectStatus(status)) {
      throw new RangeError(`Cannot create a redirect: status: received ${status}, allowed 301, 302, 303, 307, 308`);
    }
    const state = new ResponseState(new HeaderList(`location:${url}\n`));
    state.status = status;
    state.guard = "immutable";
    return responseOver(state);
  }

  static json(...parameters: [data: unknown, init?: ResponseInit | null]): Response {
    requireArguments(parameters.length, 1, "Response.json");
    const text: unknown = JSON.stringify(parameters[0]);
    if (typeof text !== "string") throw new TypeError("Cannot create a JSON response: the value has no JSON form");
    const state = stateOfInit(parameters[1] ?? null);
    refuseNullBodyStatus(state.status);
    state.body = new Body({ kind: "text", text: text.toWellFormed() });
    if (!state.headerList.has(contentTypeName)) state.headerList.fill("content-type:application/json\n");
    return responseOver(state);
  }

  get type(): ResponseType {
    return this.#state.type;
  }
  get url(): string {
    return this.#state.url;
  }
  get redirected(): boolean {
    return this.#state.redirected;
  }
  get status(): number {
    return this.#state.status;
  }
  get ok(): boolean {
    return this.#state.status >= 200 && this.#state.status <= 299;
  }
  get statusText(): string {
    return this.#state.statusText;
  }
  get headers(): Headers {
    const state = this.#state;
    state.headers ??= headersOver(state.headerList, state.guard);
    return state.headers;
  }
  get body(): ReadableStream<Uint8Array> | null {
    return this.#state.body?.stream() ?? null;
  }
  get bodyUsed(): boolean {
    return this.#state.body?.isUsed() ?? false;
  }

  /** Of an answer to a request with `upgrade: websocket`; null for all others. */
  get webSocket(): WebSocket | null {
    return this.#state.webSocket;
  }

  clone(): Response {
    const state = this.#state;
    if (state.webSocket !== null) throw new TypeError("Cannot clone the response: it carries a WebSocket");
    const copy = new ResponseState(new HeaderList(state.headerList.text));
    copy.body = state.body?.clone("clone the response") ?? null;
    copy.status = state.status;
    copy.statusText = state.statusText;
    copy.type = state.type;
    copy.url = state.url;
    copy.redirected = state.redirected;
    copy.guard = state.guard;
    copy.internal = state.internal;
    return responseOver(copy);
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return isResponse(this) ? readArrayBuffer(this.#state.body) : illegalInvocation("Response.arrayBuffer");
  }
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return isResponse(this) ? readBytes(this.#state.body) : illegalInvocation("Response.bytes");
  }
  text(): Promise<string> {
    return isResponse(this) ? readText(this.#state.body) : illegalInvocation("Response.text");
  }
  json(): Promise<unknown> {
    return isResponse(this) ? readJson(this.#state.body) : illegalInvocation("Response.json");
  }
  blob(): Promise<Blob> {
    return isResponse(this)
      ? readBlob(this.#state.body, this.#state.headerList.get(contentTypeName))
      : illegalInvocation("Response.blob");
  }
  formData(): Promise<FormData> {
    return isResponse(this)
      ? readFormData(this.#state.body, this.#state.headerList.get(contentTypeName))
      : illegalInvocation("Response.formData");
  }

  static {
    stateIn = (response) => response.#state;
    hasBrand = (value) => #state in value;
  }
}

/** Whether `value` was made by this class; cannot be spoofed. */
export function isResponse(value: unknown): value is Response {
  return isObject(value) && hasBrand(value);
}

export function responseStateIn(response: Response): ResponseState {
  return stateIn(response);
}

/** A Response over a state that no other Response has. */
export function responseOver(state: ResponseState): Response {
  return new Response(state as unknown as BodyInit);
}

export function isRedirectStatus(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** Statuses whose responses have no body (https://fetch.spec.whatwg.org/#null-body-status). */
export function isNullBodyStatus(status: number): boolean {
  return status === 101 || status === 103 || status === 204 || status === 205 || status === 304;
}

function refuseNullBodyStatus(status: number): void {
  if (isNullBodyStatus(status)) throw new TypeError(`Cannot create a Response: status ${status} has no body`);
}

function stateOfInit(init: ResponseInit | null): ResponseState {
  const state = new ResponseState(new HeaderList(""));
  if (init === null) return state;
  // A Response as init is read through its attributes, as the standard has it; a foreign object through its properties.
  const options = toDictionary(init, "Response");
  const { status, statusText, headers, webSocket } = options;
  if (webSocket !== undefined && webSocket !== null) {
    if (!loadPart("websocket").isWebSocket(webSocket))
      throw new TypeError("Cannot create a Response: webSocket is not a WebSocket");
    state.webSocket = webSocket;
  }
  if (status !== undefined) {
    state.status = toUnsignedShort(status);
    if (state.webSocket === null && (state.status < 200 || state.status > 599)) {
      throw new RangeError(`Cannot create a Response: status: received ${state.status}, allowed 200..599`);
    }
  }
  if (state.webSocket !== null && state.status !== 101) {
    throw new RangeError(`Cannot create a Response: status: received ${state.status}, with a webSocket allowed 101`);
  }
  if (statusText !== undefined) {
    state.statusText = toDomString(statusText);
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(state.statusText)) {
      throw new TypeError("Cannot create a Response: statusText holds a character that a reason phrase cannot hold");
    }
  }
  if (headers !== undefined) fillHeaderList(state.headerList, headers);
  return state;
}

finishInterface(Response, "Response", {
  shown: ["status", "statusText", "headers", "type", "url", "redirected", "ok", "bodyUsed"],
});
