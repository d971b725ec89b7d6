/**
 * An HTTP server on loopback that serves bodies of any size without holding them: one block of random bytes, again and again.
 * `/<bytes>` answers with that many bytes, a multiple of `blockBytes`, at most `bodyBytesMax`.
 */
import { randomFillSync } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { crc32 } from "node:zlib";

export const blockBytes = 262_144;
export const bodyBytesMax: number = 1_024 * 1_024 * 1_024;

export class BodyServer {
  readonly url: string;
  readonly #server: Server;
  readonly #block: Buffer;

  private constructor(server: Server, options: { readonly port: number; readonly block: Buffer }) {
    this.#server = server;
    this.#block = options.block;
    this.url = `http://127.0.0.1:${options.port}`;
  }

  static async start(): Promise<BodyServer> {
    const block = randomFillSync(Buffer.alloc(blockBytes));
    const server = createServer((request, response) => {
      const bytes = Number(request.url?.slice(1));
      if (!(bytes >= blockBytes && bytes <= bodyBytesMax && bytes % blockBytes === 0)) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { "content-type": "application/octet-stream", "content-length": bytes });
      writeBlocks(response, { block, count: bytes / blockBytes });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("Cannot start a body server: no port");
    return new BodyServer(server, { port: address.port, block });
  }

  /** CRC-32 of the body of that many bytes. */
  checksum(bytes: number): number {
    let sum = 0;
    for (let at = 0; at < bytes; at += blockBytes) sum = crc32(this.#block, sum);
    return sum;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#server.listening) await once(this.#server, "close");
  }
}

function writeBlocks(response: ServerResponse, body: { readonly block: Buffer; readonly count: number }): void {
  let left = body.count;
  const write = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= 1;
      if (!response.write(body.block) && left > 0) return;
    }
    if (left === 0) response.end();
  };
  response.on("drain", write);
  write();
}
