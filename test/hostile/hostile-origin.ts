/**
 * What stands beside the node, on loopback: the origin of all domains, the "internet" that functions may reach, and a port that nobody may.
 *
 * The internet is one loopback address that the node's configuration allows, so that functions have something to flood. `/loop` hands a request back
 * to the node with all its fields, as a proxy in front of it would; `/redirect` leads to the forbidden port.
 */
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

/** In 127.0.0.0/8, and no address that a program would try by itself. */
export const internetAddress = "127.83.86.71";

const BOMB_BYTES = 64 * 1_024 * 1_024;
const LOOP_MS = 5_000;

export class HostileOrigin {
  readonly #servers: readonly Server[];
  /** What was asked of the forbidden port. */
  readonly #trespasses: string[] = [];
  /** Where `/loop` leads to; set once the node is up. */
  edgeUrl = "";

  private constructor() {
    const bomb = gzipSync(Buffer.alloc(BOMB_BYTES), { level: 9 });
    const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => this.#serve(incoming, outgoing, bomb);
    const forbidden = createServer((incoming, outgoing) => {
      this.#trespasses.push(`${incoming.method ?? ""} ${incoming.url ?? ""}`);
      outgoing.end("forbidden");
    });
    this.#servers = [createServer(serve), createServer(serve), forbidden];
  }

  static async start(): Promise<HostileOrigin> {
    const origin = new HostileOrigin();
    const addresses = ["127.0.0.1", internetAddress, "127.0.0.1"];
    for (const [index, server] of origin.#servers.entries()) {
      server.keepAliveTimeout = 1_000;
      server.listen(0, addresses[index]);
      await once(server, "listening");
    }
    return origin;
  }

  get port(): number {
    return this.#portOf(0);
  }

  get internetUrl(): string {
    return `http://${internetAddress}:${this.#portOf(1)}`;
  }

  get forbiddenPort(): number {
    return this.#portOf(2);
  }

  /** What came to the forbidden port since the last call. */
  takeTrespasses(): readonly string[] {
    return this.#trespasses.splice(0);
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    }
  }

  #portOf(index: number): number {
    const address = this.#servers[index]?.address();
    if (address === undefined || address === null || typeof address === "string") throw new Error("It does not listen");
    return address.port;
  }

  #serve(incoming: IncomingMessage, outgoing: ServerResponse, bomb: Buffer): void {
    incoming.resume();
    outgoing.setHeader("cache-control", "no-store");
    const path = (incoming.url ?? "/").split("?", 1)[0];
    if (path === "/loop") this.#handBack(incoming, outgoing);
    else if (path === "/redirect") {
      outgoing.writeHead(302, { location: `http://127.0.0.1:${this.forbiddenPort}/by-redirect` }).end();
    } else if (path === "/bomb") {
      outgoing.writeHead(200, { "content-type": "application/gzip" }).end(bomb);
    } else if (path === "/endless") {
      endlessly(outgoing);
    } else if (path !== "/silent") {
      outgoing.end(`origin ${path}`);
    }
  }

  #handBack(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const again = request(`${this.edgeUrl}${incoming.url ?? "/"}`, { headers: incoming.headers, agent: false });
    again.setTimeout(LOOP_MS, () => again.destroy());
    again.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, { "cache-control": "no-store" });
      answer.pipe(outgoing);
    });
    again.on("error", () => outgoing.destroy());
    again.end();
  }
}

function endlessly(outgoing: ServerResponse): void {
  const chunk = Buffer.alloc(65_536);
  const write = (): void => {
    while (!outgoing.destroyed && outgoing.write(chunk));
  };
  outgoing.on("drain", write);
  write();
}
