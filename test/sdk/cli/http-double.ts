/**
 * A server that answers as a test says and records what it was asked. For what a real control plane cannot be made to do on
 * demand: broken, slow and wrong answers, and answers of a known fleet.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** What to answer: a status and JSON, or the answer written by hand. */
export type Answer =
  { readonly status: number; readonly json?: unknown } | { readonly write: (response: ServerResponse) => void };

export type Answerer = (request: RecordedRequest) => Answer;

export class HttpDouble {
  readonly requests: RecordedRequest[] = [];
  readonly #server = createServer();

  private constructor(answer: Answerer) {
    this.#server.on("request", (request, response) => {
      void this.#handle(request, { response, answer });
    });
  }

  static async start(answer: Answerer): Promise<HttpDouble> {
    const double = new HttpDouble(answer);
    double.#server.listen(0, "127.0.0.1");
    await once(double.#server, "listening");
    return double;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The double does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(
    request: IncomingMessage,
    { response, answer }: { readonly response: ServerResponse; readonly answer: Answerer },
  ): Promise<void> {
    const body = await text(request);
    const recorded: RecordedRequest = {
      method: request.method ?? "",
      path: request.url ?? "",
      authorization: request.headers.authorization,
      body: body === "" ? undefined : (JSON.parse(body) as unknown),
    };
    this.requests.push(recorded);
    const given = answer(recorded);
    if ("write" in given) given.write(response);
    else if (given.json === undefined) response.writeHead(given.status).end();
    else response.writeHead(given.status, { "content-type": "application/json" }).end(JSON.stringify(given.json));
  }
}

/** An error answer of a control plane. */
export function errorAnswer(status: number, code: string): Answer {
  return { status, json: { error: { code, message: `told ${code}`, requestId: "r-1", problems: [] } } };
}
