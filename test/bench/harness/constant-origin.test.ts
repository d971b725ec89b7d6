/** The origin of the cache scenarios answers what it says, whole, on connections that stay open, and counts. */
import { Agent } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ConstantOrigin } from "../../../bench/harness/constant-origin.ts";
import { sendRequest } from "../../../bench/harness/http-exchange.ts";

let origin: ConstantOrigin;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  origin = await ConstantOrigin.start();
});

afterAll(async () => {
  agent.destroy();
  await origin.stop();
});

it.each([
  ["/keep/1024", "public, max-age=3600", 1_024],
  ["/keep/0", "public, max-age=3600", 0],
  ["/keep/65536/object7?x=1", "public, max-age=3600", 65_536],
  ["/pass/1024", "no-store", 1_024],
])("answers %s with cache-control %s and %d bytes", async (path, cacheControl, bytes) => {
  const before = origin.requests;
  const answer = await sendRequest({ url: `http://127.0.0.1:${origin.port}${path}`, agent });
  expect(answer.status).toBe(200);
  expect(answer.headers["cache-control"]).toBe(cacheControl);
  expect(answer.body.byteLength).toBe(bytes);
  expect(origin.requests).toBe(before + 1);
});

it.each(["/", "/keep/", "/keep/99999999", "/other/1", "/keep/12x"])("answers %s with 404", async (path) => {
  expect((await sendRequest({ url: `http://127.0.0.1:${origin.port}${path}`, agent })).status).toBe(404);
});
