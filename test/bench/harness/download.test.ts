import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { blockBytes, BodyServer } from "../../../bench/harness/body-server.ts";
import { download } from "../../../bench/harness/download.ts";

let origin: BodyServer;
let liar: Server;
let liarUrl: string;
beforeEach(async () => {
  origin = await BodyServer.start();
  liar = createServer((_request, response) => {
    response.writeHead(200, { "content-length": 1_000 });
    response.write("short", () => response.destroy());
  });
  liar.listen(0, "127.0.0.1");
  await once(liar, "listening");
  liarUrl = `http://127.0.0.1:${(liar.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  await origin.stop();
  liar.close();
});

describe("download()", () => {
  test("counts and checks a body that the server makes as it goes", async () => {
    const bytes = 12 * blockBytes;
    const answer = await download({ url: `${origin.url}/${bytes}`, host: "any.test", deadlineMs: 10_000 });
    expect(answer).toMatchObject({ status: 200, bytes, checksum: origin.checksum(bytes) });
    expect(origin.checksum(bytes)).not.toBe(origin.checksum(bytes - blockBytes));
  });

  test.each(["0", "1", "x", "-262144", "1073741825", "99999999999999"])("/%s is not served", async (path) => {
    const answer = await download({ url: `${origin.url}/${path}`, host: "any.test", deadlineMs: 10_000 });
    expect(answer).toMatchObject({ status: 404, bytes: 0 });
  });

  test("throws when the body breaks off", async () => {
    await expect(download({ url: liarUrl, host: "any.test", deadlineMs: 10_000 })).rejects.toThrow("aborted");
  });
});
