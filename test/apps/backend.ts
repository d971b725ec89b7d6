/**
 * The server that apps fetch from: answers on loopback what their scenarios say, keeps what it got, and holds single answers until told.
 *
 * Each app has its own prefix of the path, so that scenarios do not see each other's requests.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { BackendRoute } from "./scenario.ts";

export interface KeptRequest {
  readonly method: string;
  /** Without the app's prefix. */
  readonly path: string;
  /** What comes after the question mark; empty when there is none. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface AppBackend {
  readonly routes: readonly BackendRoute[];
  readonly requests: KeptRequest[];
  readonly gates: Map<string, PromiseWithResolvers<void>>;
}

export class Backend {
  readonly #server: Server;
  readonly #apps = new Map<string, AppBackend>();

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async start(): Promise<Backend> {
    const backend = new Backend();
    await new Promise<void>((resolve) => {
      backend.#server.listen(0, "127.0.0.1", resolve);
    });
    return backend;
  }

  /** The URL of an app's part, without a slash at the end. */
  add(app: string, routes: readonly BackendRoute[]): string {
    this.#apps.set(app, { routes, requests: [], gates: new Map() });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${app}`;
  }

  /** Gives the held answers of this name, those asked for already and all later ones. */
  open(app: string, held: string): void {
    this.#gate(this.#of(app), held).resolve();
  }

  /** What the app has sent so far; it is given once. */
  takeRequests(app: string): readonly KeptRequest[] {
    return this.#of(app).requests.splice(0);
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #of(app: string): AppBackend {
    const found = this.#apps.get(app);
    if (found === undefined) throw new Error(`The backend knows no app ${app}`);
    return found;
  }

  #gate({ gates }: AppBackend, held: string): PromiseWithResolvers<void> {
    const gate = gates.get(held) ?? Promise.withResolvers<void>();
    gates.set(held, gate);
    return gate;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = "", path = "", query = ""] = /^\/([^/?]+)([^?]*)\??(.*)$/.exec(request.url ?? "") ?? [];
    const app = this.#apps.get(name);
    const body = await text(request);
    const headers = Object.fromEntries(
      Object.entries(request.headersDistinct).map(([key, values]) => [key, (values ?? []).join(", ")]),
    );
    app?.requests.push({ method: request.method ?? "", path, query, headers, body });
    const route = app?.routes.find((candidate) => candidate.path === path);
    if (app === undefined || route === undefined) {
      response.writeHead(404).end();
      return;
    }
    if (route.held !== undefined) await this.#gate(app, route.held).promise;
    response.writeHead(route.status, { "content-type": "application/json" });
    response.end(JSON.stringify(route.json));
  }
}
