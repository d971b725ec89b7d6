/**
 * An origin that takes requests only in the one form that no parser reads differently, and writes down all that it saw.
 *
 * It answers each with its method, path and body's length, so that an answer which came to somebody else is seen. Invariant: the first byte
 * outside the grammar ends its connection and is a violation; nothing behind it is looked at.
 */
import net, { type AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case, in order. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
}

export interface StrictOrigin {
  readonly port: number;
  /** Whole ones. */
  readonly requests: SeenRequest[];
  /** What was outside the grammar. */
  readonly violations: string[];
  /** Of connections that ended, or were still open, in the middle of a request. */
  readonly unfinished: () => readonly string[];
  close(): Promise<void>;
}

type Parsed =
  | { readonly kind: "more" }
  | { readonly kind: "violation"; readonly what: string }
  | { readonly kind: "request"; readonly request: SeenRequest; readonly length: number };

const LINE = /^([!#$%&'*+\-.^_`|~\w]+) (\/[!-"$-;=?-[\]-_a-z~]*) HTTP\/1\.1$/;
const FIELD = /^([!#$%&'*+\-.^_`|~\w]+): ?([\t\x20-\x7e\x80-\xff]*)$/;

export async function startStrictOrigin(): Promise<StrictOrigin> {
  const requests: SeenRequest[] = [];
  const violations: string[] = [];
  const pending = new Map<net.Socket, string>();
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    pending.set(socket, "");
    socket.on("data", (chunk) => {
      pending.set(socket, (pending.get(socket) ?? "") + chunk.toString("latin1"));
      for (
        let parsed = parse(pending.get(socket) ?? "");
        parsed.kind !== "more";
        parsed = parse(pending.get(socket) ?? "")
      ) {
        if (parsed.kind === "violation") {
          violations.push(parsed.what);
          pending.delete(socket);
          socket.destroy();
          return;
        }
        const { request, length } = parsed;
        pending.set(socket, (pending.get(socket) ?? "").slice(length));
        requests.push(request);
        const text = answerTo(request);
        const body = request.method === "HEAD" ? "" : text;
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\ncache-control: no-store\r\n\r\n${body}`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    violations,
    unfinished: () => [...pending.values()].filter((rest) => rest !== ""),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

export function answerTo({ method, path, body }: Pick<SeenRequest, "method" | "path" | "body">): string {
  return `${method} ${path} ${body.length}`;
}

/** The first request of `bytes`. */
function parse(bytes: string): Parsed {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return { kind: "more" };
  const [line = "", ...lines] = bytes.slice(0, headEnd).split("\r\n");
  const [, method, path] = LINE.exec(line) ?? [];
  if (method === undefined || path === undefined) return { kind: "violation", what: `request line ${line}` };
  const fields: [string, string][] = [];
  for (const text of lines) {
    const [, name, value] = FIELD.exec(text) ?? [];
    if (name === undefined || value === undefined) return { kind: "violation", what: `field ${text}` };
    fields.push([name.toLowerCase(), value]);
  }
  const values = (wanted: string): string[] => fields.flatMap(([name, value]) => (name === wanted ? [value] : []));
  if (values("host").length !== 1) return { kind: "violation", what: `hosts ${values("host").join(" and ")}` };
  const [lengths, codings] = [values("content-length"), values("transfer-encoding")];
  const framing = JSON.stringify([lengths, codings]);
  const start = headEnd + 4;
  const whole = (body: string, length: number): Parsed => ({
    kind: "request",
    request: { method, path, fields, body },
    length,
  });
  if (framing === "[[],[]]") return whole("", start);
  if (framing === '[[],["chunked"]]') {
    const chunks = parseChunks(bytes, start);
    return "body" in chunks ? whole(chunks.body, chunks.end) : chunks;
  }
  if (codings.length > 0 || lengths.length > 1 || !/^(?:0|[1-9]\d*)$/.test(lengths[0] ?? "")) {
    return { kind: "violation", what: `framing ${framing}` };
  }
  const end = start + Number(lengths[0]);
  return bytes.length < end ? { kind: "more" } : whole(bytes.slice(start, end), end);
}

/** Sizes in hexadecimal digits and nothing else; no trailers. */
function parseChunks(
  bytes: string,
  start: number,
): { readonly body: string; readonly end: number } | Exclude<Parsed, { readonly kind: "request" }> {
  let body = "";
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return { kind: "more" };
    const size = bytes.slice(at, lineEnd);
    if (!/^[\da-f]{1,8}$/i.test(size)) return { kind: "violation", what: `chunk size ${size}` };
    const from = lineEnd + 2;
    const to = from + Number.parseInt(size, 16);
    if (bytes.length < to + 2) return { kind: "more" };
    if (bytes.slice(to, to + 2) !== "\r\n") return { kind: "violation", what: `chunk end ${bytes.slice(to, to + 2)}` };
    body += bytes.slice(from, to);
    at = to + 2;
    if (to === from) return { body, end: at };
  }
}
