/**
 * A WebSocket within an HTTP/2 stream (RFC 8441): the stream as a socket on which the WebSocket library makes the handshake that it knows, HTTP/1.1's.
 *
 * The handshake itself was made by HTTP/2's fields. Invariant: of what the library says, its head of HTTP/1.1 never reaches the client.
 */
import { IncomingMessage } from "node:http";
import http2, { type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { UpgradeRequest } from "./tls-sockets.ts";

const HEAD_END = "\r\n\r\n";
/** 16 bytes as every handshake has them; nobody sees the answer to it. */
const KEY = "AAAAAAAAAAAAAAAAAAAAAA==";

/** What the library is given for a stream whose answer's head was sent. `protocol`: the chosen one; undefined: none. */
export function tunnelUpgrade(stream: ServerHttp2Stream, protocol: string | undefined): UpgradeRequest {
  const socket = new TunnelSocket(stream);
  // The library looks at the message and no further.
  const request = new IncomingMessage(socket as Duplex as Socket);
  request.method = "GET";
  request.headers = {
    upgrade: "websocket",
    connection: "upgrade",
    "sec-websocket-key": KEY,
    "sec-websocket-version": "13",
    ...(protocol === undefined ? {} : { "sec-websocket-protocol": protocol }),
  };
  return { request, socket, head: Buffer.alloc(0) };
}

class TunnelSocket extends Duplex {
  readonly #stream: ServerHttp2Stream;
  /** What came of the library's head; null: it is over. */
  #head: string | null = "";

  constructor(stream: ServerHttp2Stream) {
    super();
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
    stream.on("end", () => this.push(null));
    stream.on("error", () => {});
    // A reset is the end of it (RFC 8441 §5: as of a connection), whatever was under way.
    stream.on("close", () => this.destroy());
    if (stream.closed || stream.destroyed) this.destroy();
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const rest = this.#behindHead(chunk);
    if (rest.byteLength === 0) done();
    else this.#stream.write(rest, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#stream.closed) this.#stream.close(http2.constants.NGHTTP2_CANCEL);
    done(error);
  }

  #behindHead(chunk: Buffer): Buffer {
    if (this.#head === null) return chunk;
    const before = this.#head.length;
    this.#head += chunk.toString("latin1");
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return Buffer.alloc(0);
    this.#head = null;
    return chunk.subarray(end + HEAD_END.length - before);
  }
}
