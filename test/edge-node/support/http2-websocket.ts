/** A WebSocket client over HTTP/2 (RFC 8441): the `ws` client on a stream, with the handshake of HTTP/1.1 that it wants made up here. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import type net from "node:net";
import { Duplex } from "node:stream";
import { WebSocket, type ClientOptions } from "ws";
import { HOST, openHttp2 } from "./tls-client.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Resolves when the server has said whether it knows extended CONNECT. */
export async function openForTunnels(port: number): Promise<ClientHttp2Session> {
  const session = await openHttp2(port);
  if (session.remoteSettings.enableConnectProtocol !== true) await once(session, "remoteSettings");
  return session;
}

/** A stream that asks for a WebSocket; `changes` replaces fields, undefined ones are left out. */
export function askForTunnel(
  session: ClientHttp2Session,
  path: string,
  changes: OutgoingHttpHeaders = {},
): ClientHttp2Stream {
  const fields: OutgoingHttpHeaders = {
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "https",
    ":path": path,
    ":authority": HOST,
    "sec-websocket-version": "13",
    ...changes,
  };
  return session.request(fields, { endStream: false });
}

/** A client's socket over a session of its own, which ends with it. */
export async function socketOverHttp2(port: number, path: string, protocols: string[] = []): Promise<WebSocket> {
  const session = await openForTunnels(port);
  const offered = protocols.length === 0 ? {} : { "sec-websocket-protocol": protocols.join(", ") };
  const stream = askForTunnel(session, path, { "x-mine": "1", ...offered });
  const options: ClientOptions = { createConnection: () => new ClientTunnel(stream) as Duplex as net.Socket };
  const socket = new WebSocket(`ws://${HOST}${path}`, protocols, options);
  socket.on("close", () => session.destroy());
  return socket;
}

/** Takes the library's request, and answers it when the stream was. */
class ClientTunnel extends Duplex {
  readonly #stream: ClientHttp2Stream;
  #isOpen = false;

  constructor(stream: ClientHttp2Stream) {
    super();
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
    stream.on("end", () => this.push(null));
    stream.on("error", () => {});
    stream.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#isOpen) {
      this.#stream.write(chunk, done);
      return;
    }
    this.#isOpen = true;
    const key = /sec-websocket-key: (\S+)/i.exec(chunk.toString("latin1"))?.[1] ?? "";
    this.#stream.on("response", (headers) => {
      const { ":status": status = 0, "sec-websocket-protocol": protocol } = headers;
      const lines = status === 200 ? openingLines(key, protocol) : [`HTTP/1.1 ${status} Refused`, "connection: close"];
      this.push(`${lines.join("\r\n")}\r\n\r\n`);
    });
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#stream.closed) this.#stream.close(8);
    done(error);
  }
}

function openingLines(key: string, protocol: string | string[] | undefined): readonly string[] {
  const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  const chosen = protocol === undefined ? [] : [`sec-websocket-protocol: ${String(protocol)}`];
  return [
    "HTTP/1.1 101 Yes",
    "upgrade: websocket",
    "connection: upgrade",
    `sec-websocket-accept: ${accept}`,
    ...chosen,
  ];
}
