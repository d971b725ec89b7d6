/** A host that opens a WebSocket for whoever asks, and what it was told. */
import type { HostSocket, OutgoingRequest, SocketData, SocketEvents } from "../../../../../runtime/guest/host-port.ts";
import { providePart } from "../../../../../runtime/guest/parts/load-part.ts";
import * as part from "../../../../../runtime/guest/parts/websocket/main.ts";
import { connectFakeHost, type FakeHostPort } from "../../fake-host-port.ts";
import { provideParts } from "../../provide-parts.ts";

export class FakeSocket implements HostSocket {
  readonly sent: SocketData[] = [];
  readonly closes: (readonly [number, string])[] = [];
  events: SocketEvents | null = null;
  listen(events: SocketEvents): void {
    this.events = events;
  }
  send(data: SocketData): void {
    this.sent.push(data);
  }
  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
  }
}

/** Connects a host whose every answer is a 101 with the one socket. */
export function openingHost(): {
  readonly port: FakeHostPort;
  readonly sent: OutgoingRequest[];
  readonly host: FakeSocket;
} {
  provideParts();
  providePart("websocket", (_require, provide) => {
    provide(part);
  });
  const port = connectFakeHost();
  const sent: OutgoingRequest[] = [];
  const host = new FakeSocket();
  port.onFetch = (request) => {
    sent.push(request);
    const headers = "sec-websocket-protocol:chat\n";
    const { url } = request;
    return Promise.resolve({ status: 101, statusText: "", headers, body: null, url, redirected: false, socket: host });
  };
  return { port, sent, host };
}
