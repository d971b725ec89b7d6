/**
 * Serves a checkout to the tests on loopback: files as they are, with the headers of a `.headers` file beside them; everything that is
 * computed (Python handlers, pipes) goes on to the checkout's own server.
 *
 * Invariant: listens on 127.0.0.1 only, and serves nothing outside the checkout.
 */
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { substitute } from "./program.ts";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".txt": "text/plain",
  ".wasm": "application/wasm",
};

const computed = new Set([".py", ".asis"]);

export interface FileServerOptions {
  readonly wptRoot: string;
  /** The checkout's own server, or null when there is none: then what it would compute is answered with 501. */
  readonly handlerUrl: () => Promise<string | null>;
}

export class FileServer {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(options: FileServerOptions): Promise<FileServer> {
    const server = createServer({ joinDuplicateHeaders: true, insecureHTTPParser: true }, (incoming, outgoing) => {
      answer(options, incoming, outgoing).catch(() => outgoing.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("Cannot read the port of the file server");
    return new FileServer(server, address.port);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

async function answer(options: FileServerOptions, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
  const path = normalize(join(options.wptRoot, decodeURIComponent(url.pathname)));
  const isServed =
    path.startsWith(`${options.wptRoot}/`) && !computed.has(extname(path)) && !url.searchParams.has("pipe");
  if (isServed && (await isFile(path))) await sendFile(path, incoming, outgoing);
  else await passOn(await options.handlerUrl(), incoming, outgoing);
}

async function sendFile(path: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const bytes = await readFile(path);
  outgoing.setHeader("content-type", contentTypes[extname(path)] ?? "application/octet-stream");
  for (const [name, value] of await extraHeaders(path)) outgoing.setHeader(name, value);
  const origin = `http://${incoming.headers.host ?? "127.0.0.1"}`;
  outgoing.end(path.includes(".sub.") ? substitute(bytes.toString(), origin) : bytes);
}

async function extraHeaders(path: string): Promise<readonly (readonly [string, string])[]> {
  if (!(await isFile(`${path}.headers`))) return [];
  const lines = (await readFile(`${path}.headers`, "utf8")).split(/\r?\n/);
  return lines.flatMap((line) => {
    const at = line.indexOf(":");
    return at > 0 ? [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const] : [];
  });
}

async function passOn(target: string | null, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  if (target === null) {
    outgoing.writeHead(501, { "content-type": "text/plain" }).end("The checkout's own server is not running");
    return;
  }
  const { hostname, port } = new URL(target);
  const onward = request({
    hostname,
    port,
    path: incoming.url ?? "/",
    method: incoming.method ?? "GET",
    headers: incoming.rawHeaders,
    insecureHTTPParser: true,
    agent: false,
  });
  outgoing.once("close", () => onward.destroy());
  incoming.pipe(onward);
  onward.once("error", () => outgoing.destroy());
  const [answered] = (await once(onward, "response")) as [IncomingMessage];
  answered.once("error", () => outgoing.destroy());
  answered.once("aborted", () => outgoing.destroy());
  // Not the node's own Date and Connection: what the handler said, and nothing else.
  outgoing.sendDate = false;
  outgoing.writeHead(answered.statusCode ?? 502, answered.statusMessage ?? "", answered.rawHeaders);
  // Sends the head now, in Latin-1; flushHeaders() would write its bytes as UTF-8.
  outgoing.write(Buffer.alloc(0));
  answered.pipe(outgoing);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
