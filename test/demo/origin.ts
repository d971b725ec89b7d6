/**
 * An origin that serves the real files of installed npm packages, megabytes included, on loopback.
 *
 * `/PACKAGE/FILE` is public. `/signed/PACKAGE/FILE` is answered only with a valid signature over path and date.
 * Every path that ends in `/echo` answers with what the origin saw. Invariant: no file outside the named packages is ever read.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

export interface OriginOptions {
  /** Folder that holds the packages (`node_modules`). */
  readonly packagesFolder: string;
  /** Packages whose files are served. */
  readonly packages: readonly string[];
  /** Key that requests below `/signed/` are signed with. */
  readonly signingKey: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface DemoOrigin {
  readonly port: number;
  /** Requests received so far. */
  requestCount(): number;
  stop(): Promise<void>;
}

type SignatureState = "absent" | "valid" | "expired" | "invalid";

const SIGNATURE_AGE_MS_MAX = 300_000;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  md: "text/markdown; charset=utf-8",
  png: "image/png",
};

/** Listens on a free port of 127.0.0.1 until `stop`. */
export async function startOrigin(options: OriginOptions): Promise<DemoOrigin> {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    answer({ request, response, options }).catch(() => {
      response.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: portOf(server), requestCount: () => count, stop: () => stop(server) };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly options: OriginOptions;
}

async function answer({ request, response, options }: Exchange): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://origin.test");
  const signature = signatureState(request, options);
  if (pathname.endsWith("/echo")) {
    sendJson(response, 200, { method: request.method, path: request.url, signature, headers: request.headers });
    return;
  }
  const isSigned = pathname.startsWith("/signed/");
  if (isSigned && signature !== "valid") {
    sendJson(response, 403, { error: "This path needs a valid signature.", signature });
    return;
  }
  const file = fileOf(isSigned ? pathname.slice("/signed".length) : pathname, options);
  const facts = file === null ? null : await stat(file).catch(() => null);
  if (file === null || facts === null || !facts.isFile()) {
    sendJson(response, 404, { error: "The origin has no such file.", path: pathname });
    return;
  }
  response.writeHead(200, {
    "content-type": CONTENT_TYPES[file.slice(file.lastIndexOf(".") + 1)] ?? "application/octet-stream",
    "content-length": facts.size,
    "last-modified": facts.mtime.toUTCString(),
    "cache-control": "public, max-age=60",
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream(file), response);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`;
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(text) }).end(text);
}

/** `/PACKAGE/FILE` as a path on disk, or null for anything else. */
function fileOf(path: string, options: OriginOptions): string | null {
  const [, name = "", ...rest] = path.split("/");
  const isClean = rest.length > 0 && rest.every((segment) => /^[\w-][\w.-]*$/.test(segment));
  return isClean && options.packages.includes(name) ? join(options.packagesFolder, name, ...rest) : null;
}

function signatureState(request: IncomingMessage, options: OriginOptions): SignatureState {
  const { "x-signature": signature, "x-signature-date": date } = request.headers;
  if (typeof signature !== "string" || typeof date !== "string") return "absent";
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const expected = createHmac("sha256", options.signingKey).update(`${path}\n${date}`).digest();
  const received = Buffer.from(signature, "hex");
  if (received.length !== expected.length || !timingSafeEqual(received, expected)) return "invalid";
  return Math.abs(options.now() - Date.parse(date)) <= SIGNATURE_AGE_MS_MAX ? "valid" : "expired";
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Cannot read the origin's port");
  return address.port;
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
