/** `selvage cache explain`: its text, and the whole way to a node process and back. */
import { readFile } from "node:fs/promises";
import picocolors from "picocolors";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Explanation } from "../../../sdk/explain.ts";
import { explanationText } from "../../../sdk/cli/explanation-text.ts";
import { adminToken, passing, TestControlPlane } from "../../control-plane/test-control-plane.ts";
import { EdgeNodeProcess } from "../../edge-node/support/edge-node-process.ts";
import { startOrigin } from "../../edge-node/support/origin.ts";
import { temporaryFolder } from "../../edge-node/support/temporary-folder.ts";
import { runTool, type ToolRun } from "./run-tool.ts";

const plain = picocolors.createColors(false);

describe("explanationText()", () => {
  it("has a line for each step and what it goes by below it", () => {
    const text = explanationText(
      {
        node: "n1",
        revision: 4,
        domain: "a.test",
        domainVersion: 2,
        steps: [
          { step: "domain", mark: "ok", text: "a.test serves a.test exactly", facts: [{ name: "path", value: "/" }] },
          {
            step: "lookup",
            mark: "stop",
            text: "hit",
            facts: [
              { name: "age", value: "1 s" },
              { name: "vary", value: "a\u001b[31mb" },
            ],
          },
          { step: "clientResponse", mark: "note", text: "1 function would run", facts: [] },
        ],
      },
      plain,
    );
    expect(text.split("\n").filter((line) => !line.includes("vary"))).toEqual([
      "node n1, revision 4, a.test version 2",
      "✓ domain  a.test serves a.test exactly",
      "    path  /",
      "■ lookup  hit",
      "    age   1 s",
      "· clientResponse  1 function would run",
    ]);
    expect(text).not.toContain("\u001b");
  });

  it("says nothing of a domain that is not there", () => {
    expect(explanationText({ node: "n", revision: 0, domain: null, domainVersion: null, steps: [] }, plain)).toBe(
      "node n, revision 0",
    );
  });
});

it("explains a request on a real node, before and after it was served", { timeout: 120_000 }, async () => {
  const control = await TestControlPlane.start();
  onTestFinished(() => control.close());
  const origin = await startOrigin((_request, response) => {
    response.setHeader("cache-control", "max-age=60");
    response.end("hello");
  });
  onTestFinished(() => origin.close());
  await control.publish("gate", passing("1"), { version: "v1" });
  const body = {
    sources: [{ origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: origin.port }],
    rules: [{ phase: "clientRequest", function: "gate", version: "v1", matchType: "all", priority: 10 }],
    access_log: { status: "on", sampling: 1 },
  };
  await control.ok("PUT /v1/domains/www.example.com?waitSeconds=0", { body });
  const data = await temporaryFolder();
  const token = await control.nodeToken();
  const allow = { "origin-allow-networks": "127.0.0.0/8", "egress-allow-networks": "127.0.0.0/8" };
  const environment = { SELVAGE_URL: control.url, SELVAGE_TOKEN: adminToken };
  const run = (...words: readonly string[]): Promise<ToolRun> =>
    runTool(["cache", "explain", ...words], { workingDirectory: data, environment, stdin: "" });
  const nobody = await run("http://www.example.com/a");
  expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining("No node is connected")]);

  const node = await new EdgeNodeProcess({
    control: control.url,
    data,
    token,
    ...allow,
    "access-log": `${data}/a.log`,
  }).serving();
  await expect.poll(async () => (await node.get("/a")).status, { timeout: 180_000 }).toBe(200);
  const json = async (...words: readonly string[]): Promise<Explanation> =>
    (await run(...words, "--json")).json() as Explanation;
  const miss = await json("http://www.example.com/b");
  expect(miss).toMatchObject({ node: "node-1", domain: "www.example.com", domainVersion: 1 });
  expect(miss.steps.map(({ step, mark }) => `${step} ${mark}`)).toEqual([
    "domain ok",
    "clientRequest note",
    "cacheKey ok",
    "lookup ok",
    "origin note",
    "store note",
  ]);
  const hit = await run("http://www.example.com/a", "--run", "--node", "node-1");
  expect(hit.stdout).toContain("✓ clientRequest  1 function ran");
  expect(hit.stdout).toContain("■ lookup  hit: a fresh answer is sent");
  expect((await run("http://other.example.com/")).stdout).toContain("■ domain  404 DOMAIN_UNKNOWN");
  expect((await run("nonsense")).code).toBe(3);
  expect((await run("http://www.example.com/", "--node", "nowhere")).code).toBe(3);

  expect(await node.metrics()).toContain('selvage_sent_bytes_total{domain="www.example.com"} 5');
  node.kill("SIGTERM");
  await node.exited;
  const lines = (await readFile(`${data}/a.log`, "utf8")).trimEnd().split("\n");
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ path: "/a", status: 200, bytes: 5, cache: "miss" });
});
