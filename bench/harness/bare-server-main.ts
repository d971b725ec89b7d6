/**
 * Bare uWebSockets.js, the library that Selvage's plain port stands on: what a server on it reaches that does nothing at all.
 *
 * `node bare-server-main.ts PORT`: `/keep/<bytes>` is answered with that many bytes, made once; no header is read and none is set. Runs until it is ended.
 */
import { randomFillSync } from "node:crypto";
import { loadUws } from "../../edge-node/uws.ts";

const port = Number(process.argv[2] ?? "0");
const bodies = new Map<string, Buffer>();

function bodyOf(url: string): Buffer {
  const known = bodies.get(url);
  if (known !== undefined) return known;
  const bytes = Number(/^\/keep\/(\d{1,8})$/.exec(url)?.[1] ?? 0);
  const body = randomFillSync(Buffer.alloc(bytes));
  bodies.set(url, body);
  return body;
}

loadUws()
  .App()
  .get("/keep/*", (answer, request) => {
    answer.end(bodyOf(request.getUrl()));
  })
  .listen("127.0.0.1", port, (socket) => {
    if (socket === false) process.exit(1);
  });
