/**
 * The node's small HTTP server for its operator: `/healthz` and `/metrics`, nothing that changes anything.
 *
 * Knows neither what is healthy nor what is measured: both are given. Invariant: connections, header sizes and times are bounded, so that
 * whoever reaches the port cannot hold the supervisor up.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "../logger.ts";
import type { NodeHealth } from "./node-health.ts";

export interface AdminServerOptions {
  readonly health: () => NodeHealth;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  readonly logger: Logger;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const CONNECTIONS_MAX = 64;
const REQUEST_MS = 10_000;
const HEADER_BYTES_MAX = 8_192;

export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #server: Server;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    const limits = { maxHeaderSize: HEADER_BYTES_MAX, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS };
    this.#server = createServer({ ...limits, connectionsCheckingInterval: REQUEST_MS / 2 }, (request, response) => {
      // #answer never rejects.
      void this.#respond(request, response);
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Resolves with the port. Throws a message for the operator when the address is taken. */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) => {
        reject(new Error(`Cannot listen on ${host}:${port} for administration: ${error.message}`, { cause: error }));
      });
      this.#server.listen({ host, port, exclusive: true }, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const { status, contentType, body } = await this.#answer(request);
    response.writeHead(status, { "content-type": contentType, "cache-control": "no-store" });
    response.end(request.method === "HEAD" ? undefined : body);
  }

  async #answer({ method, url = "/" }: IncomingMessage): Promise<Answer> {
    const path = url.split("?", 1)[0];
    if (method !== "GET" && method !== "HEAD") return text(405, "Only GET is allowed here.\n");
    if (path === "/healthz") {
      const health = this.#options.health();
      const body = `${JSON.stringify(health)}\n`;
      return { status: health.status === "ok" ? 200 : 503, contentType: "application/json", body };
    }
    if (path === "/metrics") return await this.#metrics();
    return text(404, "There are /healthz and /metrics here.\n");
  }

  async #metrics(): Promise<Answer> {
    try {
      return { status: 200, contentType: "text/plain; version=0.0.4", body: await this.#options.metrics() };
    } catch (error) {
      this.#options.logger.error({ err: error }, "metrics.failed");
      return text(500, "The metrics could not be collected.\n");
    }
  }
}

function text(status: number, body: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body };
}
