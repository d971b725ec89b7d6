/** Claims about the client: which request each method sends, and how following logs survives a broken stream. */
import { afterEach, describe, expect, test } from "vitest";
import { SelvageClient } from "../../sdk/client.ts";
import { errorAnswer, HttpDouble, type Answerer } from "./cli/http-double.ts";

let double: HttpDouble | null = null;

afterEach(async () => {
  await double?.stop();
  double = null;
});

async function start(answer: Answerer): Promise<{ client: SelvageClient; double: HttpDouble }> {
  double = await HttpDouble.start(answer);
  return { client: new SelvageClient({ url: double.url, token: "t" }), double };
}

const LISTS = { functions: [], versions: [], domains: [], rules: [], nodes: [], tokens: [], records: [], missing: [] };

describe("SelvageClient", () => {
  const calls: readonly (readonly [string, (client: SelvageClient) => Promise<unknown>])[] = [
    ["GET /v1/functions", (client) => client.listFunctions()],
    ["POST /v1/functions", (client) => client.createFunction({ name: "f" })],
    ["GET /v1/functions/f", (client) => client.getFunction("f")],
    ["DELETE /v1/functions/f", (client) => client.deleteFunction("f")],
    ["GET /v1/functions/f/environment", (client) => client.getEnvironment("f")],
    ["PUT /v1/functions/f/environment", (client) => client.setEnvironment("f", { variables: {}, secrets: {} })],
    ["POST /v1/blobs/missing", (client) => client.missingBlobs({ digests: [] })],
    ["POST /v1/blobs", (client) => client.uploadBlobs({ blobs: [] })],
    [
      "POST /v1/functions/f/versions",
      (client) => client.publish("f", { source: { kind: "inline", code: "", language: "js" } }),
    ],
    ["GET /v1/functions/f/versions", (client) => client.listVersions("f")],
    ["GET /v1/functions/f/versions/v1", (client) => client.getVersion("f", "v1")],
    ["DELETE /v1/functions/f/versions/v1", (client) => client.deleteVersion("f", "v1")],
    ["PUT /v1/functions/f/aliases/prod", (client) => client.setAlias("f", { alias: "prod", version: "v1" })],
    ["DELETE /v1/functions/f/aliases/prod", (client) => client.deleteAlias("f", "prod")],
    ["POST /v1/functions/f/aliases/prod/rollback", (client) => client.rollback("f", { alias: "prod" })],
    ["GET /v1/domains", (client) => client.listDomains()],
    ["GET /v1/domains/*.example.com", (client) => client.getDomain("*.example.com")],
    ["PUT /v1/domains/a.b", (client) => client.setDomain("a.b", {})],
    ["DELETE /v1/domains/a.b", (client) => client.deleteDomain("a.b")],
    ["GET /v1/domains/a.b/rules", (client) => client.getRules("a.b")],
    ["PUT /v1/domains/a.b/rules", (client) => client.setRules("a.b", { rules: [] })],
    ["GET /v1/revisions/current?waitSeconds=0", (client) => client.getRevision("current")],
    ["GET /v1/revisions/7?waitSeconds=3", (client) => client.getRevision(7, 3)],
    ["GET /v1/nodes", (client) => client.listNodes()],
    ["DELETE /v1/nodes/edge-1", (client) => client.deleteNode("edge-1")],
    ["POST /v1/tokens", (client) => client.createToken({ name: "ci", role: "publisher" })],
    ["GET /v1/tokens", (client) => client.listTokens()],
    ["DELETE /v1/tokens/id", (client) => client.deleteToken("id")],
    ["GET /healthz", (client) => client.health()],
    [
      "POST /v1/functions/f/invocations",
      (client) => client.invoke("f", { request: { method: "GET", url: "http://a/", headers: [], body: null } }),
    ],
    ["GET /v1/logs?function=f&limit=5", (client) => client.listLogs({ function: "f", limit: 5 })],
    ["GET /v1/logs", (client) => client.listLogs()],
  ];

  test.each(calls)("sends %s", async (request, call) => {
    const { client, double } = await start(() => ({ status: 200, json: LISTS }));
    await call(client);
    expect(double.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([request]);
  });

  test("keeps a name from leaving its place in the path", async () => {
    const { client, double } = await start(() => ({ status: 200, json: LISTS }));
    await client.getVersion("../../tokens", "a/b?c#d");
    expect(double.requests[0]?.path).toBe("/v1/functions/..%2F..%2Ftokens/versions/a%2Fb%3Fc%23d");
  });

  test("does not send the alias's name as part of its body", async () => {
    const { client, double } = await start(() => ({ status: 200, json: {} }));
    await client.setAlias("f", { alias: "prod", version: "v1", waitSeconds: 3 });
    expect(double.requests[0]?.body).toEqual({ version: "v1", waitSeconds: 3 });
  });
});

describe("followLogs()", () => {
  test("goes on after a stream that broke", async () => {
    const { client, double } = await start(() => ({
      write: (response) => {
        response.writeHead(200).write(`{"message": "${double.requests.length}"}\n`);
        setImmediate(() => response.destroy());
      },
    }));
    const stop = new AbortController();
    const messages: string[] = [];
    for await (const { message } of client.followLogs({ function: "f" }, stop.signal)) {
      messages.push(message);
      if (messages.length === 2) stop.abort();
    }
    expect(messages).toEqual(["1", "2"]);
    expect(double.requests[0]?.path).toBe("/v1/logs?function=f&follow=1");
  });

  test("ends when it is told to while it waits", async () => {
    const stop = new AbortController();
    const { client } = await start(() => ({
      write: (response) => {
        response.writeHead(200).flushHeaders();
        setImmediate(() => stop.abort());
      },
    }));
    const records: unknown[] = [];
    for await (const record of client.followLogs({}, stop.signal)) records.push(record);
    expect(records).toEqual([]);
  });

  test("throws when the first stream is refused", async () => {
    const { client } = await start(() => errorAnswer(403, "FORBIDDEN"));
    const stop = new AbortController();
    await expect(client.followLogs({}, stop.signal).next()).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
