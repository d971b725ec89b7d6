/**
 * What a Request is about, apart from its face: shared by the constructor, fetch and the bridge, never seen by user code.
 */
import type { Body } from "../body/body.ts";
import { type AbortSignal, createAbortSignal, followSignals } from "../events/abort-signal.ts";
import { HeaderList } from "../headers/header-list.ts";
import { type Headers, headersOver } from "../headers/headers.ts";

export type RedirectMode = "follow" | "error" | "manual";

/** Attributes without an effect here, kept because code reads them back. */
export interface RequestLabels {
  readonly cache: string;
  readonly credentials: string;
  readonly integrity: string;
  readonly keepalive: boolean;
  readonly mode: string;
  readonly referrer: string;
  readonly referrerPolicy: string;
  readonly duplex: string;
}

export const defaultLabels: RequestLabels = {
  cache: "default",
  credentials: "same-origin",
  integrity: "",
  keepalive: false,
  mode: "cors",
  referrer: "about:client",
  referrerPolicy: "",
  duplex: "half",
};

export class RequestState {
  readonly method: string;
  readonly url: string;
  readonly headerList: HeaderList;
  readonly body: Body | null;
  readonly redirect: RedirectMode;
  readonly labels: RequestLabels;
  /** Gives the signal this request follows; called at most once, null when there is none. */
  readonly #signalSource: (() => AbortSignal) | null;
  #headers: Headers | null = null;
  #signal: AbortSignal | null = null;

  constructor(parts: {
    readonly method: string;
    readonly url: string;
    readonly headerList: HeaderList;
    readonly body: Body | null;
    readonly redirect: RedirectMode;
    readonly labels: RequestLabels;
    readonly signalSource: (() => AbortSignal) | null;
  }) {
    this.method = parts.method;
    this.url = parts.url;
    this.headerList = parts.headerList;
    this.body = parts.body;
    this.redirect = parts.redirect;
    this.labels = parts.labels;
    this.#signalSource = parts.signalSource;
  }

  headers(): Headers {
    this.#headers ??= headersOver(this.headerList);
    return this.#headers;
  }

  signal(): AbortSignal {
    this.#signal ??= this.#signalSource === null ? createAbortSignal().signal : this.#signalSource();
    return this.#signal;
  }

  /** The signal if anything can abort this request, else null. */
  signalIfAny(): AbortSignal | null {
    return this.#signalSource === null ? this.#signal : this.signal();
  }

  /** The same request with its own header list and a clone of the body. */
  clone(): RequestState {
    return new RequestState({
      method: this.method,
      url: this.url,
      headerList: new HeaderList(this.headerList.text),
      body: this.body?.clone("clone the request") ?? null,
      redirect: this.redirect,
      labels: this.labels,
      signalSource: () => followSignals([this.signal()]),
    });
  }
}
