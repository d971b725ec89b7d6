/**
 * `fetch` (https://fetch.spec.whatwg.org/#fetch-method) over the host: this side makes the request and the Response, the host
 * does the network, redirects included. With `redirect: "manual"` a redirect that can be followed is given as it is, so that code at the
 * edge can read its Location, and not the standard's filtered response that hides it; one that leads nowhere is filtered.
 */
import type { FramedTarget } from "../../../bridge/subrequest-target.ts";
import { Body } from "../body/body.ts";
import { requireArguments, toPrintable } from "../core/webidl.ts";
import { type AbortSignal, onAbort } from "../events/abort-signal.ts";
import { HeaderList } from "../headers/header-list.ts";
import { headerName } from "../headers/header-name.ts";
import { URL } from "../url/url.ts";
import { loadPart } from "../../parts/load-part.ts";
import { type HostBody, hostPort, type IncomingResponse } from "../../host-port.ts";
import { isRequest, type RequestInfo, requestStateIn } from "./request.ts";
import { type RequestInit, requestStateOf } from "./request-init.ts";
import type { RequestState } from "./request-state.ts";
import { isNullBodyStatus, isRedirectStatus, type Response, responseOver, ResponseState } from "./response.ts";

export type FetchParameters = [input: RequestInfo, init?: RequestInit | null];

export function fetch(...parameters: FetchParameters): Promise<Response> {
  return fetchFrom({ kind: "network" }, parameters);
}

/** `fetch` with another answerer than the network. */
export async function fetchFrom(target: FramedTarget, parameters: FetchParameters): Promise<Response> {
  requireArguments(parameters.length, 1, "fetch");
  const [input, init] = parameters;
  const source = isRequest(input) ? requestStateIn(input) : null;
  // A Request given alone is sent as it is: its body is taken below.
  const request = source !== null && init === undefined ? source : requestStateOf(input, source, init);
  refuseIntegrity(request);
  const signal = request.signalIfAny();
  if (signal?.aborted === true) {
    request.body?.abandon(signal.reason);
    throw signal.reason;
  }
  if (!/^https?:/.test(request.url)) {
    if (target.kind === "network") return loadPart("scheme-fetch").schemeFetch(request);
    throw new TypeError(`Cannot fetch ${toPrintable(request.url)}: functions are asked by http and https URLs`);
  }
  const asksForSocket = target.kind === "network" && request.headerList.get(upgradeName)?.toLowerCase() === "websocket";
  if (asksForSocket && (request.method !== "GET" || request.body !== null)) {
    throw new TypeError("Cannot fetch: a request for a WebSocket is a GET without a body");
  }
  const incoming = await send(request, { target, signal });
  return responseOf(request, { incoming, signal });
}

/** Nothing here compares digests, so an answer must not look as if it had been checked. */
function refuseIntegrity(request: RequestState): void {
  if (request.labels.integrity === "") return;
  throw new TypeError(
    "Cannot fetch with the option integrity: it is not checked here; compare crypto.subtle.digest with what you expect",
  );
}

async function send(
  request: RequestState,
  { target, signal }: { readonly target: FramedTarget; readonly signal: AbortSignal | null },
): Promise<IncomingResponse> {
  const body = request.body?.take("fetch") ?? { kind: "empty" };
  const outgoing = {
    target,
    method: request.method,
    url: withoutFragment(request.url),
    headers: request.headerList.text,
    body,
    redirect: request.redirect,
    keepalive: request.labels.keepalive,
  };
  if (signal === null) return await hostPort().fetch(outgoing, null);
  const aborted = Promise.withResolvers<never>();
  const forget = onAbort(signal, () => aborted.reject(signal.reason));
  try {
    return await Promise.race([hostPort().fetch(outgoing, signal), aborted.promise]);
  } finally {
    forget();
  }
}

interface Arrival {
  readonly incoming: IncomingResponse;
  readonly signal: AbortSignal | null;
}

function responseOf(request: RequestState, { incoming, signal }: Arrival): Response {
  if (request.redirect === "error" && isRedirectStatus(incoming.status)) {
    incoming.body?.cancel();
    throw new TypeError(`Cannot fetch ${toPrintable(request.url)}: the answer is a redirect`);
  }
  const state = new ResponseState(new HeaderList(incoming.headers));
  state.status = incoming.status;
  state.statusText = incoming.statusText;
  state.url = withoutFragment(incoming.url);
  state.redirected = incoming.redirected;
  state.type = "basic";
  state.guard = "immutable";
  if (incoming.socket !== null) {
    const protocol = state.headerList.get(protocolName) ?? "";
    state.webSocket = loadPart("websocket").connectedSocket(incoming.socket, protocol);
  }
  if (isNullBodyStatus(incoming.status) || request.method === "HEAD") incoming.body?.cancel();
  else if (incoming.body === null) state.body = new Body({ kind: "text", text: "" });
  else state.body = Body.ofHost(signal === null ? incoming.body : new AbortableBody(incoming.body, signal));
  const isHidden = request.redirect === "manual" && isRedirectStatus(state.status) && leadsNowhere(state);
  return responseOver(isHidden ? opaqueRedirect(state) : state);
}

/** Whether Location names no URL, or none but the response's own by being empty. */
function leadsNowhere(state: ResponseState): boolean {
  const location = state.headerList.get(locationName);
  return location !== null && (location === "" || !URL.canParse(location, state.url));
}

/** https://fetch.spec.whatwg.org/#concept-filtered-response-opaque-redirect */
function opaqueRedirect(internal: ResponseState): ResponseState {
  const state = new ResponseState(new HeaderList(""));
  state.status = 0;
  state.url = internal.url;
  state.type = "opaqueredirect";
  state.guard = "immutable";
  state.internal = internal;
  return state;
}

const upgradeName = headerName("upgrade");
const locationName = headerName("location");
const protocolName = headerName("sec-websocket-protocol");

function withoutFragment(url: string): string {
  const at = url.indexOf("#");
  return at < 0 ? url : url.slice(0, at);
}

/** A host's body whose reads reject with the signal's reason once it aborts. */
class AbortableBody implements HostBody {
  readonly #inner: HostBody;
  readonly #aborted: PromiseWithResolvers<never> = Promise.withResolvers<never>();
  readonly #forget: () => void;
  #broken: { readonly reason: unknown } | null = null;
  #tell: ((reason: unknown) => void) | null = null;

  constructor(body: HostBody, signal: AbortSignal) {
    this.#inner = body;
    // Nobody may be reading when the signal aborts.
    this.#aborted.promise.catch(() => undefined);
    this.#forget = onAbort(signal, () => {
      this.#broken = { reason: signal.reason };
      this.#aborted.reject(signal.reason);
      this.#tell?.(signal.reason);
      body.cancel();
    });
  }

  get lengthBytes(): number | undefined {
    return this.#inner.lengthBytes;
  }

  get broken(): { readonly reason: unknown } | null {
    return this.#broken;
  }

  onBroken(tell: (reason: unknown) => void): void {
    this.#tell = tell;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#broken !== null) throw this.#broken.reason;
    const chunk = await Promise.race([this.#inner.read(), this.#aborted.promise]);
    if (chunk === null) this.#forget();
    return chunk;
  }

  cancel(): void {
    this.#forget();
    this.#inner.cancel();
  }

  /** The signal is about what this side does with the body; whoever it is handed to reads on. */
  handOn(): HostBody {
    this.#forget();
    return this.#inner;
  }
}
