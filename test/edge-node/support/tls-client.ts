/** Clients for tests that come over TLS: HTTP/1.1 and HTTP/2 with one face, and connections by hand. */
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import https from "node:https";
import tls, { type TLSSocket } from "node:tls";
import { chainOf } from "../../support/certificates.ts";
import type { AskOptions } from "./client.ts";

export interface TlsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: Buffer;
  /** What came before the answer. */
  readonly informed: readonly Informed[];
}

export interface Informed {
  readonly status: number;
  readonly headers: TlsAnswer["headers"];
}

export interface TlsAskOptions extends AskOptions {
  /** SNI; default: the host. */
  readonly serverName?: string;
}

export type TlsAsk = (port: number, path: string, options?: TlsAskOptions) => Promise<TlsAnswer>;

export const HOST = "www.example.com";

/** One request over HTTP/1.1 on a connection of its own; rejects when the answer is not whole. */
export const askHttp1: TlsAsk = (port, path, options = {}) => {
  const host = options.host ?? HOST;
  const informed: Informed[] = [];
  return new Promise((resolve, reject) => {
    const request = https.request(
      {
        port,
        host: "127.0.0.1",
        path,
        method: options.method ?? "GET",
        agent: false,
        ca: chainOf("ca"),
        servername: options.serverName ?? host,
        headers: {
          host,
          ...(options.body === undefined ? {} : { "content-length": Buffer.byteLength(options.body) }),
          ...options.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const body = Buffer.concat(chunks);
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, text: body.toString(), body, informed });
        });
      },
    );
    request.on("information", ({ statusCode: status, headers }) => informed.push({ status, headers }));
    request.on("error", reject);
    request.end(options.body);
  });
};

/** The same over HTTP/2. */
export const askHttp2: TlsAsk = async (port, path, options = {}) => {
  const { host = HOST, method = "GET", serverName, headers, body } = options;
  const session = await openHttp2(port, serverName ?? host);
  try {
    const stream = session.request(
      { ":method": method, ":path": path, ":authority": host, ":scheme": "https", ...(headers as OutgoingHttpHeaders) },
      { endStream: body === undefined },
    );
    if (body !== undefined) stream.end(body);
    return await answerOf(stream);
  } finally {
    session.destroy();
  }
};

/** An HTTP/2 connection that trusts the tests' authority. */
export function openHttp2(
  port: number,
  servername: string = HOST,
  options: http2.SecureClientSessionOptions = {},
): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(`https://127.0.0.1:${port}`, {
      ca: chainOf("ca"),
      servername,
      maxSendHeaderBlockLength: 1_000_000,
      ...options,
    });
    session.once("error", reject);
    session.once("connect", () => {
      session.off("error", reject);
      session.on("error", () => {});
      resolve(session);
    });
  });
}

/** Rejects when the stream is reset. */
export function answerOf(stream: ClientHttp2Stream): Promise<TlsAnswer> {
  // A connection that ends in the middle closes its streams without a code.
  const { session } = stream;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let headers: TlsAnswer["headers"] = {};
    let status = 0;
    const informed: Informed[] = [];
    stream.on("headers", ({ ":status": early = 0, ...fields }) => informed.push({ status: early, headers: fields }));
    stream.on("response", (received) => {
      const { ":status": code = 0, ...fields } = received;
      status = code;
      headers = fields;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      const body = Buffer.concat(chunks);
      if (stream.rstCode !== 0) reject(new Error(`reset with ${stream.rstCode}`));
      else if (session?.destroyed === true) reject(new Error("aborted"));
      else resolve({ status, headers, text: body.toString(), body, informed });
    });
  });
}

/** A TLS connection; rejects with the alert's code when there is no handshake. */
export function connectTls(port: number, options: tls.ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: "127.0.0.1", ca: chainOf("ca"), servername: HOST, ...options });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      socket.off("error", reject);
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}

/** Writes the bytes over TLS and resolves with all that came until the server closed. */
export async function rawTlsExchange(port: number, ...pieces: readonly string[]): Promise<string> {
  const socket = await connectTls(port, { ALPNProtocols: ["http/1.1"] });
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  for (const piece of pieces) socket.write(piece, "latin1");
  await new Promise<void>((resolve) => socket.once("close", resolve));
  return text;
}
