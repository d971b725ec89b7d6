/** Request (https://fetch.spec.whatwg.org/#request-class): the face over a RequestState. */
import type { Blob } from "../body/blob.ts";
import type { FormData } from "../../parts/form/main.ts";
import { readArrayBuffer, readBlob, readBytes, readFormData, readJson, readText } from "../body/read-body.ts";
import { finishInterface } from "../core/interface.ts";
import { illegalInvocation, isObject, requireArguments } from "../core/webidl.ts";
import type { AbortSignal } from "../events/abort-signal.ts";
import { contentTypeName } from "../headers/header-name.ts";
import type { Headers } from "../headers/headers.ts";
import type { ReadableStream } from "../streams/streams.ts";
import type { URL } from "../url/url.ts";
import { type RequestInit, requestStateOf } from "./request-init.ts";
import { type RedirectMode, RequestState } from "./request-state.ts";

export type RequestInfo = Request | URL | string;

let stateIn: (request: Request) => RequestState;
let hasBrand: (value: object) => boolean;

export class Request {
  readonly #state: RequestState;

  constructor(...parameters: [input: RequestInfo, init?: RequestInit | null]) {
    const input: unknown = parameters[0];
    // `requestOver` hands its state through here; user code never holds one.
    if (input instanceof RequestState) {
      this.#state = input;
      return;
    }
    requireArguments(parameters.length, 1, "the Request constructor");
    const source = isRequest(input) ? input.#state : null;
    this.#state = requestStateOf(input, source, parameters[1]);
  }

  get method(): string {
    return this.#state.method;
  }
  get url(): string {
    return this.#state.url;
  }
  get headers(): Headers {
    return this.#state.headers();
  }
  get body(): ReadableStream<Uint8Array> | null {
    return this.#state.body?.stream() ?? null;
  }
  get bodyUsed(): boolean {
    return this.#state.body?.isUsed() ?? false;
  }
  get signal(): AbortSignal {
    return this.#state.signal();
  }
  get redirect(): RedirectMode {
    return this.#state.redirect;
  }
  get destination(): string {
    void this.#state;
    return "";
  }
  get cache(): string {
    return this.#state.labels.cache;
  }
  get credentials(): string {
    return this.#state.labels.credentials;
  }
  get integrity(): string {
    return this.#state.labels.integrity;
  }
  get keepalive(): boolean {
    return this.#state.labels.keepalive;
  }
  get mode(): string {
    return this.#state.labels.mode;
  }
  get referrer(): string {
    return this.#state.labels.referrer;
  }
  get referrerPolicy(): string {
    return this.#state.labels.referrerPolicy;
  }
  get duplex(): string {
    return this.#state.labels.duplex;
  }
  get isReloadNavigation(): boolean {
    void this.#state;
    return false;
  }
  get isHistoryNavigation(): boolean {
    void this.#state;
    return false;
  }

  clone(): Request {
    return requestOver(this.#state.clone());
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return isRequest(this) ? readArrayBuffer(this.#state.body) : illegalInvocation("Request.arrayBuffer");
  }
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return isRequest(this) ? readBytes(this.#state.body) : illegalInvocation("Request.bytes");
  }
  text(): Promise<string> {
    return isRequest(this) ? readText(this.#state.body) : illegalInvocation("Request.text");
  }
  json(): Promise<unknown> {
    return isRequest(this) ? readJson(this.#state.body) : illegalInvocation("Request.json");
  }
  blob(): Promise<Blob> {
    return isRequest(this)
      ? readBlob(this.#state.body, this.#state.headerList.get(contentTypeName))
      : illegalInvocation("Request.blob");
  }
  formData(): Promise<FormData> {
    return isRequest(this)
      ? readFormData(this.#state.body, this.#state.headerList.get(contentTypeName))
      : illegalInvocation("Request.formData");
  }

  static {
    stateIn = (request) => request.#state;
    hasBrand = (value) => #state in value;
  }
}

/** Whether `value` was made by this class; cannot be spoofed. */
export function isRequest(value: unknown): value is Request {
  return isObject(value) && hasBrand(value);
}

export function requestStateIn(request: Request): RequestState {
  return stateIn(request);
}

/** A Request over a state that no other Request has. */
export function requestOver(state: RequestState): Request {
  return new Request(state as unknown as RequestInfo);
}

finishInterface(Request, "Request", { shown: ["method", "url", "headers", "redirect", "bodyUsed"] });
