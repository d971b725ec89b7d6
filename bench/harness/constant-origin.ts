/**
 * An origin on loopback that costs as little as possible beside what is measured: whole answers, made once, written as they are.
 *
 * `/keep/<bytes>` may be cached for an hour, `/pass/<bytes>` not at all. Understands what the caches under test send (GET without a body, HTTP/1.1,
 * connections kept open) and nothing else. Counts its requests, so that a scenario can tell a hit from a miss.
 */
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

const BODY_BYTES_MAX = 16 * 1_024 * 1_024;
const HEAD_CHARS_MAX = 65_536;

export class ConstantOrigin {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #counter: { requests: number };

  private constructor(options: {
    readonly server: Server;
    readonly port: number;
    readonly sockets: Set<Socket>;
    readonly counter: { requests: number };
  }) {
    this.port = options.port;
    this.#server = options.server;
    this.#sockets = options.sockets;
    this.#counter = options.counter;
  }

  static async start(): Promise<ConstantOrigin> {
    const answers = new Map<string, Buffer>();
    const sockets = new Set<Socket>();
    const counter = { requests: 0 };
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.once("close", () => sockets.delete(socket));
      // A proxy may drop a connection at any time.
      socket.on("error", () => undefined);
      let rest = "";
      socket.on("data", (chunk) => {
        rest += chunk.toString("latin1");
        for (let end = rest.indexOf("\r\n\r\n"); end >= 0; end = rest.indexOf("\r\n\r\n")) {
          counter.requests++;
          socket.write(answerTo(rest.slice(0, rest.indexOf("\r\n")), answers));
          rest = rest.slice(end + 4);
        }
        if (rest.length > HEAD_CHARS_MAX) socket.destroy();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("Cannot start an origin: no port");
    return new ConstantOrigin({ server, port: address.port, sockets, counter });
  }

  /** Since the start. */
  get requests(): number {
    return this.#counter.requests;
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await once(this.#server, "close");
  }
}

function answerTo(requestLine: string, answers: Map<string, Buffer>): Buffer {
  const match = /^GET \/(keep|pass)\/(\d{1,8})(?:\/\w*)?(?:\?\S*)? HTTP\/1\.1$/.exec(requestLine);
  const bytes = Number(match?.[2] ?? -1);
  if (match?.[1] === undefined || bytes < 0 || bytes > BODY_BYTES_MAX) return notFound;
  const key = `${match[1]} ${bytes}`;
  const known = answers.get(key);
  if (known !== undefined) return known;
  const cacheControl = match[1] === "keep" ? "public, max-age=3600" : "no-store";
  const head =
    `HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: ${bytes}\r\n` +
    `cache-control: ${cacheControl}\r\netag: "${bytes}"\r\nlast-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n`;
  const answer = Buffer.concat([Buffer.from(head), randomFillSync(Buffer.alloc(bytes))]);
  answers.set(key, answer);
  return answer;
}

const notFound = Buffer.from("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\ncache-control: no-store\r\n\r\n");
