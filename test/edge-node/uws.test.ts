import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { loadUws, type UwsListenSocket } from "../../edge-node/uws.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "selvage-uws-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("loadUws() loads a library that serves a request, and the same one when called again", async () => {
  const uws = loadUws({ cacheFolder: folder });
  expect(loadUws({ cacheFolder: folder })).toBe(uws);
  const app = uws.App().get("/*", (response) => {
    response.end("hello");
  });
  const socket = await new Promise<UwsListenSocket | false>((resolve) => {
    app.listen("127.0.0.1", 0, resolve);
  });
  if (socket === false) throw new Error("listen failed");
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get({ port: uws.us_socket_local_port(socket), agent: false }, resolve).on("error", reject);
  });
  expect(answer.headers["uwebsockets"]).toBeUndefined();
  expect(await answer.toArray()).toEqual([Buffer.from("hello")]);
  app.close();
});
