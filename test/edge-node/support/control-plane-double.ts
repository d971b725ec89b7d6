/** A control plane over real sockets that does exactly what a test tells it, also what a real one never would. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { PreheatReport, PurgeAck, PurgesMessage } from "../../../sdk/purge.ts";
import { noPurges } from "../../../sdk/purge-position.ts";
import type { Digest } from "../../../sdk/artifact.ts";
import type {
  InvokeResult,
  InvokeResults,
  LogRecord,
  NodeAck,
  NodeRegistration,
  StreamMessage,
} from "../../../sdk/desired-state.ts";

function queryOf(request: IncomingMessage): URLSearchParams {
  return new URL(request.url ?? "/", "http://control").searchParams;
}

/** What is done with a request for a blob instead of sending its bytes. */
export type BlobAnswer = (bytes: Buffer, response: ServerResponse) => void;

export class ControlPlaneDouble {
  readonly registrations: NodeRegistration[] = [];
  readonly acks: NodeAck[] = [];
  readonly purgeAcks: PurgeAck[] = [];
  readonly preheats: PreheatReport[] = [];
  /** Positions of nodes that asked what they missed before they serve, and of nodes that opened a stream. */
  readonly positions: { readonly asked: string[]; readonly streamed: string[] } = { asked: [], streamed: [] };
  /** What a node that asks has missed; null: its question goes to `held`. */
  missed: PurgesMessage | null = { kind: "purges", since: 0, position: noPurges, everything: false, purges: [] };
  /** Each answers one node that asked. */
  readonly held: ((message: PurgesMessage) => void)[] = [];
  readonly logs: LogRecord[] = [];
  readonly results: InvokeResult[] = [];
  /** Digests in the order they were asked for. */
  readonly blobRequests: Digest[] = [];
  readonly blobs: Map<Digest, Buffer> = new Map();
  /** Sent to every node that opens a stream. */
  greeting: readonly StreamMessage[] = [];
  token: string = "token";
  /** Answers for the next requests of a blob, first to last; then the bytes are sent. */
  readonly blobAnswers: Map<Digest, BlobAnswer[]> = new Map();
  readonly #streams = new Set<ServerResponse>();
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  #server: Server | null = null;
  #port = 0;

  /** Starts listening (on the same port after `stop`), and stops at the test's end. */
  async start(): Promise<this> {
    const server = createServer((request, response) => this.#serve(request, response));
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    onTestFinished(() => this.stop());
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Cuts every connection, as kill -9 would. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  push(message: StreamMessage): void {
    this.write(`${JSON.stringify(message)}\n`);
  }

  /** Bytes on every open stream. */
  write(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  /** Resolves when `condition` holds, which is looked at after each request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      this.#answer(request, { response, body: Buffer.concat(chunks).toString("utf8") });
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    });
  }

  #answer(request: IncomingMessage, { response, body }: { response: ServerResponse; body: string }): void {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(401).end(`{"error":{"code":"UNAUTHENTICATED"}}`);
      return;
    }
    if (path === "/v1/nodes/stream") return this.#openStream(request, response);
    if (path === "/v1/nodes/purges") return this.#answerMissed(request, response);
    if (path.startsWith("/v1/blobs/")) return this.#sendBlob(path.slice("/v1/blobs/".length), response);
    const content: unknown = JSON.parse(body);
    if (path === "/v1/nodes") this.registrations.push(content as NodeRegistration);
    if (path === "/v1/nodes/acks") this.acks.push(content as NodeAck);
    if (path === "/v1/nodes/purge-acks") this.purgeAcks.push(content as PurgeAck);
    if (path === "/v1/nodes/preheat-results") this.preheats.push(content as PreheatReport);
    if (path === "/v1/nodes/logs") this.logs.push(...(content as { records: LogRecord[] }).records);
    if (path === "/v1/nodes/invocation-results") this.results.push(...(content as InvokeResults).results);
    response.writeHead(204).end();
  }

  #openStream(request: IncomingMessage, response: ServerResponse): void {
    this.positions.streamed.push(queryOf(request).get("purges") ?? "");
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    response.write("\n");
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
    for (const message of this.greeting) response.write(`${JSON.stringify(message)}\n`);
  }

  #answerMissed(request: IncomingMessage, response: ServerResponse): void {
    this.positions.asked.push(queryOf(request).get("position") ?? "");
    const answer = (message: PurgesMessage): void => void response.end(JSON.stringify(message));
    if (this.missed === null) this.held.push(answer);
    else answer(this.missed);
  }

  #sendBlob(digest: Digest, response: ServerResponse): void {
    this.blobRequests.push(digest);
    const bytes = this.blobs.get(digest);
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    const answer = this.blobAnswers.get(digest)?.shift();
    if (answer !== undefined) return answer(bytes, response);
    response.writeHead(200, { "content-length": bytes.byteLength }).end(bytes);
  }
}
