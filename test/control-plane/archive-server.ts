/** Archives of code for tests: made of texts, and served at an address as an object store would. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { packArchive } from "../../sdk/code-archive.ts";

/** A ZIP file of texts by their paths. */
export function zip(files: Readonly<Record<string, string>>): Uint8Array {
  return packArchive(Object.entries(files).map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) })));
}

/** Answers every request with what it is told to serve. */
export class ArchiveServer {
  served: Uint8Array = new Uint8Array();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((_request, response) => response.end(this.served));
  }

  static async start(): Promise<ArchiveServer> {
    const archives = new ArchiveServer();
    archives.#server.listen(0, "127.0.0.1");
    await once(archives.#server, "listening");
    return archives;
  }

  /** With a query that is a secret, as signed addresses have it. */
  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${String(port)}/code.zip?sign=secret`;
  }

  stop(): void {
    this.#server.close().closeAllConnections();
  }
}
