/**
 * WebSocket (https://websockets.spec.whatwg.org/#the-websocket-interface), and the ends that edge runtimes hand out beside it: those of a
 * WebSocketPair and of a `fetch` that was answered with 101, which are used after `accept()`.
 */
import { bytesOfBlob, isBlob } from "../../web/body/blob.ts";
import { DOMException } from "../../web/core/dom-exception.ts";
import { finishInterface } from "../../web/core/interface.ts";
import {
  isObject,
  requireArguments,
  sequenceOf,
  toDomString,
  toPrintable,
  toUsvString,
} from "../../web/core/webidl.ts";
import { copyBytes, isBufferSource } from "../../web/encoding/buffer-source.ts";
import { encodeUtf8 } from "../../web/encoding/utf8.ts";
import { createAbortSignal } from "../../web/events/abort-signal.ts";
import type { Event } from "../../web/events/event.ts";
import { EventTarget, HandlerAttribute } from "../../web/events/event-target.ts";
import { getHeader } from "../../../../sdk/header-text.ts";
import { type HostSocket, hostPort } from "../../host-port.ts";
import { URL } from "../../web/url/url.ts";
import {
  type BinaryType,
  CLOSED,
  CLOSING,
  CONNECTING,
  OPEN,
  type ReadyState,
  type SocketCoupling,
  SocketState,
} from "./socket-state.ts";

type Handler = ((event: Event) => unknown) | null;

let stateIn: (socket: WebSocket) => SocketState;
let hasBrand: (value: object) => boolean;

export class WebSocket extends EventTarget {
  readonly #state: SocketState;
  readonly #handlers = new Map<string, HandlerAttribute>();

  constructor(...parameters: [url: string | URL, protocols?: string | Iterable<string>]) {
    super();
    const [given] = parameters as readonly unknown[];
    // `socketOver` hands its state through here; user code never holds one.
    if (given instanceof SocketState) {
      this.#state = given;
      given.setFace(this);
      return;
    }
    requireArguments(parameters.length, 1, "the WebSocket constructor");
    const text = toUsvString(given);
    const protocols = protocolsOf(parameters[1]);
    const url = socketUrl(text);
    checkProtocols(protocols);
    const state = new SocketState("client", null);
    state.url = url.href;
    state.origin = url.origin;
    state.setFace(this);
    this.#state = state;
    connect(state, protocols);
  }

  get url(): string {
    return this.#state.url;
  }
  get readyState(): ReadyState {
    return this.#state.readyState;
  }
  get bufferedAmount(): number {
    return this.#state.bufferedAmount;
  }
  get extensions(): string {
    void this.#state;
    return "";
  }
  get protocol(): string {
    return this.#state.protocol;
  }
  get binaryType(): BinaryType {
    return this.#state.binaryType;
  }
  set binaryType(value: BinaryType) {
    const type = toDomString(value);
    if (type === "blob" || type === "arraybuffer") this.#state.binaryType = type;
  }

  get onopen(): Handler {
    return this.#handler("open").get();
  }
  set onopen(value: Handler) {
    this.#handler("open").set(value);
  }
  get onerror(): Handler {
    return this.#handler("error").get();
  }
  set onerror(value: Handler) {
    this.#handler("error").set(value);
  }
  get onclose(): Handler {
    return this.#handler("close").get();
  }
  set onclose(value: Handler) {
    this.#handler("close").set(value);
  }
  get onmessage(): Handler {
    return this.#handler("message").get();
  }
  set onmessage(value: Handler) {
    this.#handler("message").set(value);
  }

  /** Begins to take part: an end of a pair or of a response is silent before. */
  accept(): void {
    this.#state.accept();
  }

  send(...parameters: [data: string | ArrayBuffer | ArrayBufferView | object]): void {
    requireArguments(parameters.length, 1, "WebSocket.send");
    const state = this.#state;
    const [value] = parameters as readonly unknown[];
    const bytes = isBlob(value) ? bytesOfBlob(value).slice() : isBufferSource(value) ? copyBytes(value) : null;
    const data = bytes === null ? toUsvString(value) : bytes.buffer;
    if (state.readyState === CONNECTING) {
      throw new DOMException("Cannot send: the WebSocket is still connecting", "InvalidStateError");
    }
    if (!state.isAccepted) throw new TypeError("Cannot send: accept() this end of the WebSocket first");
    state.send(data, typeof data === "string" ? utf8Length(data) : data.byteLength);
  }

  close(...parameters: [code?: number, reason?: string]): void {
    const state = this.#state;
    const code = parameters[0] === undefined ? null : clampedShort(parameters[0]);
    const reason = parameters[1] === undefined ? "" : toUsvString(parameters[1]);
    if (code !== null && !mayClose(code, state.kind)) {
      const allowed = state.kind === "client" ? "1000, 3000..4999" : "1000..1003, 1007..1014, 3000..4999";
      throw new DOMException(`Cannot close: code: received ${code}, allowed ${allowed}`, "InvalidAccessError");
    }
    if (utf8Length(reason) > reasonBytesMax) {
      throw new DOMException(`Cannot close: the reason is longer than ${reasonBytesMax} bytes`, "SyntaxError");
    }
    if (!state.isAccepted) throw new TypeError("Cannot close: accept() this end of the WebSocket first");
    state.close(code ?? (reason === "" ? 1005 : 1000), reason);
  }

  #handler(type: string): HandlerAttribute {
    let handler = this.#handlers.get(type);
    if (handler === undefined) this.#handlers.set(type, (handler = new HandlerAttribute(this, type)));
    return handler;
  }

  static {
    stateIn = (socket) => socket.#state;
    hasBrand = (value) => #state in value;
  }
}

/** Whether `value` was made by this class; cannot be spoofed. */
export function isWebSocket(value: unknown): value is WebSocket {
  return isObject(value) && hasBrand(value);
}

/** Takes a socket for a Response that is sent. Throws a TypeError when it is in use. */
export function giveSocket(socket: WebSocket): SocketCoupling {
  return stateIn(socket).give();
}

/** The WebSocket of a response to `fetch`. */
export function connectedSocket(host: HostSocket, protocol: string): WebSocket {
  const state = new SocketState("end", host);
  state.protocol = protocol;
  return socketOver(state);
}

/** A WebSocket over a state that no other has. */
export function socketOver(state: SocketState): WebSocket {
  return new WebSocket(state as unknown as string);
}

/** A close frame holds 125 bytes, two of them the code (RFC 6455 §5.5.1). */
const reasonBytesMax = 123;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function connect(state: SocketState, protocols: readonly string[]): void {
  const port = hostPort();
  const release = port.holdInvocation();
  const { signal, abort } = createAbortSignal();
  state.abortHandshake = () => abort();
  const offered = protocols.length === 0 ? "" : `sec-websocket-protocol:${protocols.join(", ")}\n`;
  const request = {
    target: { kind: "network" },
    method: "GET",
    url: `http${state.url.slice("ws".length)}`,
    headers: `upgrade:websocket\n${offered}`,
    body: { kind: "empty" },
    redirect: "manual",
    keepalive: false,
  } as const;
  const fail = (reason: string): void => {
    state.abortHandshake = null;
    state.closed(1006, reason, false);
    release();
  };
  port.fetch(request, signal).then(
    ({ socket, status, headers, body }) => {
      body?.cancel();
      const chosen = getHeader(headers, "sec-websocket-protocol") ?? "";
      if (socket === null) fail(`Unexpected answer to the opening handshake: status ${status}`);
      else {
        state.opened(socket, chosen);
        release();
      }
    },
    (error: unknown) => fail(error instanceof Error ? error.message : ""),
  );
}

/** https://websockets.spec.whatwg.org/#get-a-url-record, where there is no base. */
function socketUrl(text: string): URL {
  const parsed = URL.parse(text);
  const href = parsed?.href.replace(/^http/, "ws") ?? "";
  if (!/^wss?:/.test(href) || href.includes("#")) {
    const problem =
      parsed === null ? "invalid URL" : "the scheme is not ws, wss, http or https, or there is a fragment";
    throw new DOMException(`Cannot create a WebSocket: ${problem}: ${toPrintable(text)}`, "SyntaxError");
  }
  return new URL(href);
}

function protocolsOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const items = isObject(value) ? sequenceOf(value) : null;
  return items === null ? [toDomString(value)] : items.map(toDomString);
}

function checkProtocols(protocols: readonly string[]): void {
  const seen = new Set(protocols.map((protocol) => protocol.toLowerCase()));
  if (seen.size !== protocols.length || !protocols.every((protocol) => token.test(protocol))) {
    throw new DOMException("Cannot create a WebSocket: a protocol is no token, or named twice", "SyntaxError");
  }
}

/** A browser's page may send few codes; a server may send all that RFC 6455 §7.4 lets into a close frame. */
function mayClose(code: number, kind: SocketState["kind"]): boolean {
  if (code === 1000 || (code >= 3000 && code <= 4999)) return true;
  return kind === "end" && code > 1000 && code <= 1014 && (code < 1004 || code > 1006);
}

/** `[Clamp] unsigned short`: rounded half to even. */
function clampedShort(value: unknown): number {
  const number = Number(value);
  if (!(number > 0)) return 0;
  if (number >= 65_535) return 65_535;
  const floor = Math.floor(number);
  const rest = number - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

function utf8Length(text: string): number {
  return isAscii.test(text) ? text.length : encodeUtf8(text).length;
}

// eslint-disable-next-line no-control-regex -- asks whether each character is one byte
const isAscii = /^[\0-\x7f]*$/;

finishInterface(WebSocket, "WebSocket", {
  constants: { CONNECTING, OPEN, CLOSING, CLOSED },
  shown: ["url", "readyState", "protocol", "binaryType", "bufferedAmount"],
});
