/**
 * The soak's origin: resources of every caching kind whose versions grow, and outages on demand.
 *
 * Knows what it said and when it was away; judges nothing. Invariant: a version once answered is never answered with other bytes.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { versionedBody } from "./versioned-body.ts";

/** What an answer says about keeping it, by the first part of its path. */
export const kinds = {
  long: { cacheControl: "max-age=3600", sized: true },
  tagged: { cacheControl: "max-age=3600", sized: true },
  short: { cacheControl: "max-age=1, stale-while-revalidate=1", sized: true },
  chunked: { cacheControl: "max-age=2", sized: false },
  vary: { cacheControl: "max-age=60", sized: true },
  never: { cacheControl: "no-store", sized: true },
} as const;

export type Kind = keyof typeof kinds;

export interface Resource {
  readonly kind: Kind;
  readonly path: string;
  readonly tag: string;
  readonly bytes: number;
}

export interface Outage {
  readonly from: number;
  /** Infinity while it lasts. */
  to: number;
}

/** A resource's path and everything else about it; `index` tells those of a kind apart. */
export function resourceOf(kind: Kind, index: number): Resource {
  const bytes = [1_024, 4_096, 16_384, 65_536, 300_000][index % 5] ?? 1_024;
  return { kind, path: `/${kind}/${index % 4}/item-${index}`, tag: `group-${index % 7}`, bytes };
}

export class SoakOrigin {
  readonly #resources: ReadonlyMap<string, Resource>;
  readonly #versions = new Map<string, number>();
  readonly #now: () => number;
  readonly outages: Outage[] = [];
  #server: Server | null = null;
  #port = 0;
  #requests = 0;

  constructor(resources: readonly Resource[], now: () => number) {
    this.#resources = new Map(resources.map((resource) => [resource.path, resource]));
    this.#now = now;
  }

  get port(): number {
    return this.#port;
  }

  get requests(): number {
    return this.#requests;
  }

  /** What the path's answer is now. */
  version(path: string): number {
    return this.#versions.get(path) ?? 1;
  }

  /** The path's answer is another one from now on. Returns its version. */
  change(path: string): number {
    const version = this.version(path) + 1;
    this.#versions.set(path, version);
    return version;
  }

  /** Starts to listen; after `stop` on the same port. */
  async start(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    server.keepAliveTimeout = 30_000;
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("Cannot start the origin: no port");
    this.#port = address.port;
    this.#server = server;
    const last = this.outages.at(-1);
    if (last !== undefined) last.to = this.#now();
  }

  /** Breaks off everything, as a crash would. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    this.outages.push({ from: this.#now(), to: Number.POSITIVE_INFINITY });
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#requests++;
    const resource = this.#resources.get(request.url ?? "");
    if (resource === undefined) {
      response.writeHead(404, { "cache-control": "no-store" }).end("unknown\n");
      return;
    }
    const { kind, path, tag, bytes } = resource;
    const version = this.version(path);
    const etag = `"${version}"`;
    const variant = kind === "vary" ? String(request.headers["x-kind"] ?? "none") : "";
    const fields = {
      "cache-control": kinds[kind].cacheControl,
      "cache-tag": tag,
      etag,
      "content-type": "text/plain",
      ...(kind === "vary" ? { vary: "x-kind" } : {}),
    };
    if (request.headers["if-none-match"] === etag) {
      response.writeHead(304, fields).end();
      return;
    }
    const body = versionedBody(bodyKey(path, variant), { version, bytes });
    response.writeHead(200, kinds[kind].sized ? { ...fields, "content-length": bytes } : fields);
    if (request.method === "HEAD") response.end();
    else response.end(body);
  }
}

/** The key in the body: path and variant. */
export function bodyKey(path: string, variant: string): string {
  return variant === "" ? path : `${path}@${variant}`;
}
