/**
 * Requests and responses between the bridge and user code: made cheaply from what arrived, described cheaply on the way out.
 *
 * Knows neither frames nor hooks. Invariant: what is described was made by this runtime's own classes, whatever user code did to
 * their prototypes, and a body of the host that nobody read goes back as it came.
 */
import type { HostBody, OutgoingBody } from "./host-port.ts";
import { Body } from "./web/body/body.ts";
import type { AbortSignal } from "./web/events/abort-signal.ts";
import { type Request, requestOver, requestStateIn } from "./web/fetch/request.ts";
import { defaultLabels, RequestState } from "./web/fetch/request-state.ts";
import { loadPart } from "./parts/load-part.ts";
import type { SocketCoupling } from "./parts/websocket/socket-state.ts";
import { type Response, responseOver, responseStateIn, ResponseState } from "./web/fetch/response.ts";
import { HeaderList } from "./web/headers/header-list.ts";

export { isRequest, type Request } from "./web/fetch/request.ts";
export { isResponse, type Response } from "./web/fetch/response.ts";

export interface IncomingRequestParts {
  readonly method: string;
  /** Absolute and in normal form. */
  readonly url: string;
  /** Lines `name:value\n` (sdk/header-text.ts). */
  readonly headers: string;
  readonly body: HostBody | null;
  /** Called at most once, when the signal is first asked for. */
  readonly signal: () => AbortSignal;
}

export interface IncomingResponseParts {
  readonly status: number;
  readonly statusText: string;
  readonly headers: string;
  readonly body: HostBody | null;
  readonly url?: string;
}

export interface RequestDescription {
  readonly method: string;
  readonly url: string;
  readonly headers: string;
  /** False when the headers are those the request was made with, as the same string. */
  readonly headersChanged: boolean;
  readonly body: OutgoingBody;
}

export interface ResponseDescription {
  readonly status: number;
  readonly statusText: string;
  readonly headers: string;
  readonly headersChanged: boolean;
  readonly body: OutgoingBody;
  /** Of an answer with status 101: to be called with the host's socket. */
  readonly joinSocket: SocketCoupling | null;
}

/** A request as a hook gets it: its headers may be changed. */
export function createIncomingRequest(parts: IncomingRequestParts): Request {
  return requestOver(
    new RequestState({
      method: parts.method,
      url: parts.url,
      headerList: new HeaderList(parts.headers),
      body: parts.body === null ? null : Body.ofHost(parts.body),
      redirect: "manual",
      labels: defaultLabels,
      signalSource: parts.signal,
    }),
  );
}

/** A response as a hook gets it: its headers may be changed. */
export function createIncomingResponse(parts: IncomingResponseParts): Response {
  const state = new ResponseState(new HeaderList(parts.headers));
  state.status = parts.status;
  state.statusText = parts.statusText;
  state.type = "basic";
  state.url = parts.url ?? "";
  state.body = parts.body === null ? null : Body.ofHost(parts.body);
  return responseOver(state);
}

/** Takes the request's body. Throws a TypeError when it was used already or is locked. */
export function describeRequest(request: Request): RequestDescription {
  const state = requestStateIn(request);
  return {
    method: state.method,
    url: state.url,
    headers: state.headerList.text,
    headersChanged: state.headerList.changed,
    body: outgoing(state.body, "send the request"),
  };
}

/** Takes the response's body. Throws a TypeError when it was used already or is locked, or for `Response.error()`. */
export function describeResponse(response: Response): ResponseDescription {
  const shown = responseStateIn(response);
  const state = shown.internal ?? shown;
  if (state.type === "error") throw new TypeError("Cannot send the response: it is a network error");
  return {
    status: state.status,
    statusText: state.statusText,
    headers: state.headerList.text,
    headersChanged: state.headerList.changed,
    body: outgoing(state.body, "send the response"),
    joinSocket: state.webSocket === null ? null : loadPart("websocket").giveSocket(state.webSocket),
  };
}

function outgoing(body: Body | null, where: string): OutgoingBody {
  return body === null ? emptyBody : body.take(where);
}

const emptyBody: OutgoingBody = { kind: "empty" };
