/** Clients for tests: one that speaks proper HTTP, one that writes any bytes. */
import http from "node:http";
import net from "node:net";

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** One request on a connection of its own; rejects when the answer is not whole. */
export function ask(port: number, path: string, options: AskOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        port,
        host: "127.0.0.1",
        path,
        method: options.method ?? "GET",
        agent: false,
        headers: {
          host: options.host ?? "site.test",
          ...(options.body === undefined ? {} : { "content-length": Buffer.byteLength(options.body) }),
          ...options.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const body = Buffer.concat(chunks);
          const { headers, rawHeaders, statusCode = 0 } = response;
          resolve({ status: statusCode, headers, rawHeaders, body, text: body.toString() });
        });
      },
    );
    request.on("error", reject);
    request.end(options.body);
  });
}

/** The code in an error answer's body. */
export function errorCode(answer: { readonly text: string }): string {
  const body = JSON.parse(answer.text) as { error: { code: string } };
  return body.error.code;
}

/** Writes the pieces as they are (Latin-1) and resolves with all that came until the server closed the connection. */
export function rawExchange(port: number, ...pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.on("close", () => resolve(text));
    for (const piece of pieces) socket.write(piece, "latin1");
  });
}
