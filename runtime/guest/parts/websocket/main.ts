/** The part `websocket`: WebSocket, its pair, its events, and what the core asks of them. */
export { CloseEvent } from "./close-event.ts";
export { connectedSocket, giveSocket, isWebSocket, WebSocket } from "./websocket.ts";
export { WebSocketPair } from "./websocket-pair.ts";
