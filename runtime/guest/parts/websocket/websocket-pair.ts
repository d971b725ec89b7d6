/**
 * WebSocketPair, the server side of WebSockets as edge runtimes have it: one end goes into a Response with status 101, the function keeps and
 * accepts the other.
 */
import { finishInterface } from "../../web/core/interface.ts";
import { SocketState } from "./socket-state.ts";
import { socketOver, type WebSocket } from "./websocket.ts";

export class WebSocketPair {
  declare readonly 0: WebSocket;
  declare readonly 1: WebSocket;

  constructor() {
    const [one, other] = SocketState.pair();
    // Own and enumerable, so that Object.values() gives both.
    Object.assign(this, { 0: socketOver(one), 1: socketOver(other) });
  }
}

finishInterface(WebSocketPair, "WebSocketPair");
