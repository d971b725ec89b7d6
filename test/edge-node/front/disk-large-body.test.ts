/** Bodies that memory cannot hold, as clients see them: they go to the disk as they pass. */
import http from "node:http";
import { describe, expect, it } from "vitest";
import { ask } from "../support/client.ts";
import { bodyOf } from "../support/disk-bodies.ts";
import { DiskEdges, hasWritten, statusOf } from "../support/disk-edge.ts";
import { opensThings } from "../support/opened.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const opened = opensThings();
const { origin } = opened;
const edges = new DiskEdges(opened);

/** Longer than what memory holds. */
const large = bodyOf(7, 7_000_000);

describe("a body that memory cannot hold", { timeout: 180_000 }, () => {
  it.each([
    ["of known length", true],
    ["of unknown length", false],
  ])("%s goes to the disk as it passes, and comes from there, whole and in parts", async (_case, isKnown) => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      if (isKnown) response.setHeader("content-length", large.byteLength);
      response.end(large);
    });
    const folder = await temporaryFolder();
    const { front, store } = await edges.frontOn(folder, { origins: [source.port] });
    const first = await ask(front.port, "/");
    expect(first.body.equals(large)).toBe(true);
    await hasWritten(store, 1);
    const second = await ask(front.port, "/");
    expect([second.body.equals(large), statusOf(second)]).toEqual([true, expect.stringContaining("detail=DISK")]);
    const part = await ask(front.port, "/", { headers: { range: "bytes=6500000-6500009" } });
    expect([part.status, part.headers["content-range"]]).toEqual([206, "bytes 6500000-6500009/7000000"]);
    expect(part.body.equals(large.subarray(6_500_000, 6_500_010))).toBe(true);
    expect((await ask(front.port, "/", { method: "HEAD" })).headers["content-length"]).toBe("7000000");
    expect(source.requests).toHaveLength(1);
  });

  it.each([
    ["of known length", true],
    ["of unknown length", false],
  ])("%s that breaks off is not there", async (_case, isKnown) => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      if (isKnown) response.setHeader("content-length", large.byteLength + 1);
      response.write(large, () => response.destroy());
    });
    const { front, store } = await edges.frontOn(await temporaryFolder(), { origins: [source.port] });
    await expect(ask(front.port, "/")).rejects.toThrow(/aborted|ECONNRESET|hang up/);
    await front.close();
    expect(store.stats.writes).toBe(0);
  });

  it("beyond the largest object of the disk passes uncached", async () => {
    const body = Buffer.alloc(16_000_001, 1);
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.setHeader("content-length", body.byteLength);
      response.end(body);
    });
    const { front, store } = await edges.frontOn(await temporaryFolder(), { origins: [source.port] });
    const answer = await ask(front.port, "/");
    expect([answer.body.byteLength, statusOf(answer)]).toEqual([
      body.byteLength,
      expect.stringContaining("detail=BODY_TOO_LARGE"),
    ]);
    expect(store.stats.writes).toBe(0);
  });

  it("whose client leaves is given up", async () => {
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      response.setHeader("content-length", large.byteLength);
      response.write(large.subarray(0, 6_900_000));
    });
    const { front, store } = await edges.frontOn(await temporaryFolder(), { origins: [source.port] });
    await leaveAfterFirstBytes(front.port);
    await expect.poll(() => front.front.requestsInFlight).toBe(0);
    await front.close();
    expect(store.stats.writes).toBe(0);
  });

  it("a part of what is not stored yet is asked for as such", async () => {
    const source = await origin((request, response) => {
      response.setHeader("cache-control", "max-age=60");
      if (request.headers.range === undefined) {
        response.setHeader("content-length", large.byteLength);
        response.end(large);
        return;
      }
      response.writeHead(206, { "content-range": "bytes 5-6/7000000", "content-length": 2 });
      response.end("56");
    });
    const { front } = await edges.frontOn(await temporaryFolder(), { origins: [source.port] });
    const answer = await ask(front.port, "/", { headers: { range: "bytes=5-6" } });
    expect([answer.status, answer.text]).toEqual([206, "56"]);
    expect(source.requests).toHaveLength(2);
  });
});

function leaveAfterFirstBytes(port: number): Promise<void> {
  return new Promise((resolve) => {
    const sent = http.get({ port, host: "127.0.0.1", headers: { host: "site.test" }, agent: false });
    sent.on("error", () => undefined);
    sent.on("response", (response) => {
      response.once("data", () => {
        response.destroy();
        resolve();
      });
    });
  });
}
