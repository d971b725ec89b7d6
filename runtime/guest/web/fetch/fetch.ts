/**
 * `fetch` (https://fetch.spec.whatwg.org/#fetch-method) over the host: this side makes the request and the Response, the host
 * does the network, redirects included.
 */
import type { FramedTarget } from "../../../bridge/subrequest-target.ts";
import { Body } from "../body/body.ts";
import { requireArguments, toPrintable } from "../core/webidl.ts";
import { type AbortSignal, onAbort } from "../events/abort-signal.ts";
import { HeaderList } from "../headers/header-list.ts";
import { headerName } from "../headers/header-name.ts";
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
  const signal = request.signalIfAny();
  signal?.throwIfAborted();
  if (!/^https?:/.test(request.url)) {
    throw new TypeError(`Cannot fetch ${toPrintable(request.url)}: only http and https are supported`);
  }
  const asksForSocket = target.kind === "network" && request.headerList.get(upgradeName)?.toLowerCase() === "websocket";
  if (asksForSocket && (request.method !== "GET" || request.body !== null)) {
    throw new TypeError("Cannot fetch: a request for a WebSocket is a GET without a body");
  }
  const incoming = await send(request, { target, signal });
  return responseOf(request, { incoming, signal });
}

async function send(
  request: RequestState,
  { target, signal }: { readonly target: FramedTarget; readonly signal: AbortSignal | null },
): Promise<IncomingResponse> {
  const body = request.body?.take("fetch") ?? { kind: "empty" };
  const outgoing = {
    target,
    method: request.method,
    url: request.url,
    headers: request.headerList.text,
    body,
    redirect: request.redirect,
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
  if (incoming.body !== null && (isNullBodyStatus(incoming.status) || request.method === "HEAD"))
    incoming.body.cancel();
  else if (incoming.body !== null) {
    state.body = Body.ofHost(signal === null ? incoming.body : new AbortableBody(incoming.body, signal));
  }
  return responseOver(state);
}

const upgradeName = headerName("upgrade");
const protocolName = headerName("sec-websocket-protocol");

function withoutFragment(url: string): string {
  const at = url.indexOf("#");
  return at < 0 ? url : url.slice(0, at);
}

/** A host's body whose reads reject with the signal's reason once it aborts. */
class AbortableBody implements HostBody {
  readonly #body: HostBody;
  readonly #signal: AbortSignal;
  readonly #aborted: PromiseWithResolvers<never> = Promise.withResolvers<never>();
  readonly #forget: () => void;

  constructor(body: HostBody, signal: AbortSignal) {
    this.#body = body;
    this.#signal = signal;
    // Nobody may be reading when the signal aborts.
    this.#aborted.promise.catch(() => undefined);
    this.#forget = onAbort(signal, () => {
      this.#aborted.reject(signal.reason);
      body.cancel();
    });
  }

  get lengthBytes(): number | undefined {
    return this.#body.lengthBytes;
  }

  async read(): Promise<Uint8Array | null> {
    this.#signal.throwIfAborted();
    const chunk = await Promise.race([this.#body.read(), this.#aborted.promise]);
    if (chunk === null) this.#forget();
    return chunk;
  }

  cancel(): void {
    this.#forget();
    this.#body.cancel();
  }

  /** The signal is about what this side does with the body; whoever it is handed to reads on. */
  handOn(): HostBody {
    this.#forget();
    return this.#body;
  }
}
