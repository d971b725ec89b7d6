/** The claims of bench/load/load-generator.ts: its bounds, and that autocannon's real output is read. */
import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { findGenerator, putLoad, type Load } from "../../../bench/load/load-generator.ts";

const load: Load = { generator: "autocannon", url: "http://127.0.0.1:1/", host: "a.test", connections: 1, seconds: 1 };

test("refuses to put load on anything but loopback", async () => {
  await expect(putLoad({ ...load, url: "http://example.com/" }, {})).rejects.toThrow(/only 127\.0\.0\.1/);
});

test.each([0, 601, Number.NaN])("refuses %d seconds", async (seconds) => {
  await expect(putLoad({ ...load, seconds }, {})).rejects.toThrow(/seconds must be 1\.\.600/);
});

test("without wrk on the path falls back to autocannon", async () => {
  expect(await findGenerator({ PATH: "/nowhere" })).toBe("autocannon");
});

test("one second of autocannon counts every refused answer", async () => {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(requests % 2 === 0 ? 500 : 200).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const result = await putLoad({ ...load, url: `http://127.0.0.1:${port}/` }, {});
  server.close();
  expect(result.requests).toBeGreaterThan(10);
  expect(result.requests).toBeLessThanOrEqual(requests);
  expect(result.failures).toBeGreaterThanOrEqual(Math.floor(result.requests / 2) - 1);
});
