/** The claims of the demo's origin: it serves real files whole, refuses what is not signed, and reads nothing else. */
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendRequest, type Answer } from "../../bench/harness/http-exchange.ts";
import { projectRoot } from "../../bench/harness/project-files.ts";
import { startOrigin, type DemoOrigin } from "./origin.ts";

const NOW = Date.parse("2026-01-02T03:04:05Z");
const KEY = "origin test key";
let origin: DemoOrigin;

beforeAll(async () => {
  const packagesFolder = `${projectRoot}/node_modules`;
  origin = await startOrigin({ packagesFolder, packages: ["swagger-ui-dist"], signingKey: KEY, now: () => NOW });
});
afterAll(() => origin.stop());

function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return sendRequest({ url: `http://127.0.0.1:${origin.port}${path}`, headers });
}

function signed(path: string, date: string = new Date(NOW).toISOString()): Record<string, string> {
  const signature = createHmac("sha256", KEY).update(`${path}\n${date}`).digest("hex");
  return { "x-signature": signature, "x-signature-date": date };
}

describe("files", () => {
  test("come whole, megabytes included, with type, length and freshness", async () => {
    const answer = await get("/swagger-ui-dist/swagger-ui-bundle.js");
    const file = await readFile(`${projectRoot}/node_modules/swagger-ui-dist/swagger-ui-bundle.js`);
    expect(answer.status).toBe(200);
    expect(answer.body.equals(file)).toBe(true);
    expect(answer.body.length).toBeGreaterThan(1_000_000);
    expect(answer.headers).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "content-length": String(file.length),
      "cache-control": "public, max-age=60",
    });
  });

  test.each(["/vitest/package.json", "/swagger-ui-dist", "/swagger-ui-dist/", "/swagger-ui-dist/none.js", "/"])(
    "%s is 404",
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  test("nothing outside the packages is reachable by dots, plain or encoded", async () => {
    for (const path of ["/swagger-ui-dist/../vitest/package.json", "/swagger-ui-dist/%2e%2e/vitest/package.json"]) {
      expect(await rawStatus(path)).toBe("404");
    }
  });
});

describe("/signed/", () => {
  const path = "/signed/swagger-ui-dist/package.json";

  test("answers a valid signature", async () => {
    expect((await get(path, signed(path))).status).toBe(200);
  });

  test.each([
    ["absent", {}],
    ["invalid", { ...signed(path), "x-signature": "00".repeat(32) }],
    ["invalid", { ...signed(path), "x-signature": "no hex" }],
    ["invalid", signed("/signed/swagger-ui-dist/README.md")],
    ["expired", signed(path, new Date(NOW - 300_001).toISOString())],
  ])("refuses a signature that is %s", async (signature, headers) => {
    const answer = await get(path, headers);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ signature });
  });
});

test("/echo shows what the origin saw, and every request is counted", async () => {
  const before = origin.requestCount();
  const answer = await get("/private/echo?x=1", { "x-seen": "yes" });
  expect(JSON.parse(answer.body.toString())).toMatchObject({
    method: "GET",
    path: "/private/echo?x=1",
    signature: "absent",
    headers: { "x-seen": "yes" },
  });
  expect(origin.requestCount()).toBe(before + 1);
});

/** The status line's number for a path that no URL parser has cleaned. */
async function rawStatus(path: string): Promise<string> {
  const socket = connect(origin.port, "127.0.0.1");
  socket.end(`GET ${path} HTTP/1.1\r\nhost: origin.test\r\nconnection: close\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text.split(" ")[1] ?? "";
}
