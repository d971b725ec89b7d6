/* oxlint-disable no-var, no-redeclare, typescript/no-explicit-any, typescript/no-unsafe-declaration-merging -- declarations follow the standards: globals are var, listeners are typed by merging, messages promise nothing */
/**
 * WebSockets for authors: the client, the pair for the server side, their events but MessageEvent (globals-messaging.d.ts). See globals.d.ts, which comes first.
 */

interface CloseEventInit extends EventInit {
  code?: number;
  reason?: string;
  wasClean?: boolean;
}

declare class CloseEvent extends Event {
  constructor(type: string, init?: CloseEventInit);
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

interface WebSocketEventMap {
  close: CloseEvent;
  error: ErrorEvent;
  message: MessageEvent;
  open: Event;
}

interface WebSocket {
  addEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: ((event: WebSocketEventMap[K]) => void) | { handleEvent(event: WebSocketEventMap[K]): void } | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  addEventListener(type: string, listener: EventListener | null, options?: AddEventListenerOptions | boolean): void;
  removeEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: ((event: WebSocketEventMap[K]) => void) | { handleEvent(event: WebSocketEventMap[K]): void } | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  removeEventListener(type: string, listener: EventListener | null, options?: AddEventListenerOptions | boolean): void;
}

/** One made by `new` opens by itself. An end of a pair, or of a response, takes part from `accept()` on. */
declare class WebSocket extends EventTarget {
  constructor(url: string | URL, protocols?: string | Iterable<string>);
  /** `blob` for sockets made by `new`, `arraybuffer` for ends. */
  binaryType: "arraybuffer" | "blob";
  readonly bufferedAmount: number;
  readonly extensions: string;
  onclose: ((event: CloseEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onopen: ((event: Event) => void) | null;
  readonly protocol: string;
  readonly readyState: 0 | 1 | 2 | 3;
  readonly url: string;
  /** For ends only. */
  accept(): void;
  close(code?: number, reason?: string): void;
  send(data: string | BufferSource | Blob): void;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;
}

/** Two joined ends: one goes to the client in `new Response(null, { status: 101, webSocket })`, the function accepts the other. */
declare var WebSocketPair: { new (): { readonly 0: WebSocket; readonly 1: WebSocket } };
