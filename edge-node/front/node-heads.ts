/**
 * Heads as Node.js' parsers give them, in the form that HeadReader reads.
 *
 * Nothing is judged here but what only HTTP/2 has. Invariant: every line the client sent is visited, in its order, so that repeated ones are seen.
 */
import type { IncomingMessage } from "node:http";
import type { HeadSource } from "./incoming-head.ts";

/** An HTTP/1.1 head. */
export function http1Head({ method = "", url = "", rawHeaders }: IncomingMessage): HeadSource {
  const { path, query } = splitTarget(url);
  return {
    getCaseSensitiveMethod: () => method,
    getUrl: () => path,
    getQuery: () => query,
    forEach: (visit) => {
      for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
        visit((rawHeaders[at] ?? "").toLowerCase(), rawHeaders[at + 1] ?? "");
      }
    },
  };
}

/** An HTTP/2 head: `raw` has names and values in turns, pseudo-fields first. One that asks for a WebSocket is seen as the GET that it is over HTTP/1.1. */
export function http2Head(raw: readonly string[]): HeadSource {
  const pseudo = new Map<string, string>();
  const fields: [string, string][] = [];
  const cookies: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = "", value = ""] = raw.slice(at, at + 2);
    if (name.startsWith(":")) pseudo.set(name, value);
    else if (name === "cookie") cookies.push(value);
    else fields.push([name, value]);
  }
  // RFC 9113 §8.2.3: one field again before anything else reads it.
  if (cookies.length > 0) fields.push(["cookie", cookies.join("; ")]);
  const { path, query } = splitTarget(pseudo.get(":path") ?? "");
  return {
    // A scheme that is not this connection's leaves no method that could be served.
    getCaseSensitiveMethod: () => methodOf(pseudo),
    getUrl: () => path,
    getQuery: () => query,
    forEach: (visit) => {
      const authority = pseudo.get(":authority");
      if (authority !== undefined) visit("host", authority);
      for (const [name, value] of fields) {
        // RFC 9113 §8.3.1: a Host field must say the same; another one is seen as the second that it is.
        const repeats = name === "host" && value.toLowerCase() === authority?.toLowerCase();
        if (!repeats) visit(name, value);
      }
    },
  };
}

function methodOf(pseudo: ReadonlyMap<string, string>): string {
  const method = pseudo.get(":method") ?? "";
  if (pseudo.get(":scheme") !== "https") return method === "CONNECT" && !pseudo.has(":protocol") ? method : "";
  return method === "CONNECT" && pseudo.get(":protocol") === "websocket" ? "GET" : method;
}

function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const at = target.indexOf("?");
  return at < 0 ? { path: target, query: "" } : { path: target.slice(0, at), query: target.slice(at + 1) };
}
