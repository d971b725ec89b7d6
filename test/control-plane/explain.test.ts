/** `POST /v1/explain` with nodes that answer as a test says. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Explanation, ExplainMessage } from "../../sdk/explain.ts";
import { TestControlPlane } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
  await control.ok("PUT /v1/domains/www.example.com?waitSeconds=0", { body: {} });
});
afterAll(() => control.close());

const url = "https://www.example.com/a";
const explain = (body: object): Promise<Explanation> => control.ok<Explanation>("POST /v1/explain", { body });

async function connect(name: string): Promise<TestNode> {
  const node = await TestNode.connect(control, name);
  await node.nextState();
  return node;
}

async function nextExplain(node: TestNode): Promise<ExplainMessage> {
  const message = await node.next();
  if (message?.kind !== "explain") throw new Error(`received ${String(message?.kind)}, expected explain`);
  return message;
}

describe("POST /v1/explain", () => {
  it("asks the named node, and adds the domain's version", async () => {
    const nodes = [await connect("n1"), await connect("n2")];
    const running = explain({ url, node: "n2", method: "HEAD", headers: [["accept", "*/*"]], clientIp: "192.0.2.7" });
    const message = await nextExplain(nodes[1] as TestNode);
    expect(message).toMatchObject({
      url,
      method: "HEAD",
      headers: [["accept", "*/*"]],
      clientIp: "192.0.2.7",
      run: false,
    });
    const steps = [{ step: "domain", mark: "ok", text: "served", facts: [{ name: "path", value: "/a" }] }];
    const outcome = { kind: "explained", revision: 3, domain: "www.example.com", steps };
    await nodes[1]?.post("/v1/nodes/explanations", { id: message.id, outcome });
    expect(await running).toEqual({ node: "n2", revision: 3, domain: "www.example.com", domainVersion: 1, steps });
    for (const node of nodes) node.disconnect();
  });

  it("tells the node's refusal, and that its connection ended", async () => {
    const node = await connect("n3");
    const refused = control.refusal("POST /v1/explain", { body: { url, node: "n3" } });
    const { id } = await nextExplain(node);
    const outcome = { kind: "failed", code: "REQUEST_MALFORMED", message: "no canonical form" };
    await node.post("/v1/nodes/explanations", { id, outcome });
    expect(await refused).toMatchObject({ status: 400 });
    const lost = control.refusal("POST /v1/explain", { body: { url, node: "n3" } });
    await nextExplain(node);
    node.disconnect();
    expect(await lost).toMatchObject({ status: 502 });
  });

  it.each<[string, object, number]>([
    ["no node", { url }, 503],
    ["a node that is not connected", { url, node: "nowhere" }, 404],
    ["a URL that is none", { url: "nonsense" }, 400],
    ["another scheme", { url: "ftp://www.example.com/" }, 400],
    ["a header with a line break", { url, headers: [["a", "b\nc"]] }, 400],
    ["a method that is none", { url, method: "GE T" }, 400],
    ["an unknown key", { url, fetch: true }, 400],
  ])("refuses %s", async (_name, body, status) => {
    await expect.poll(async () => (await control.refusal("POST /v1/explain", { body })).status).toBe(status);
  });

  it("is for administrators only", async () => {
    const { token } = await control.ok<{ token: string }>("POST /v1/tokens", {
      body: { name: "p", role: "publisher" },
    });
    expect((await control.refusal("POST /v1/explain", { token, body: { url } })).status).toBe(403);
  });
});
