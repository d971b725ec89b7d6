/** The whole node, with its real processes, against a control plane that does what a test says. */
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { digestOf } from "../../sdk/artifact-format.ts";
import type { DesiredState } from "../../sdk/desired-state.ts";
import { addModule } from "../runtime/wasm-assembler.ts";
import { ControlPlaneDouble } from "./support/control-plane-double.ts";
import { EdgeNodeProcess } from "./support/edge-node-process.ts";
import { failureOf } from "./support/failure-of.ts";
import { domainServedBy, Signer, type Release } from "./support/signed-release.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const domains = [domainServedBy("www.example.com", "hello")];

/** A function that answers `text` and, with `?env`, its variable KEY. */
function answering(signer: Signer, text: string, version = "v1"): Release {
  const code = `var __selvageModule = { default: { fetch(request, env) {
    if (request.url.endsWith("/log")) console.log("logged by", ${JSON.stringify(version)});
    return new Response(request.url.endsWith("/key") ? env.KEY : ${JSON.stringify(text)});
  } } };`;
  return signer.release({ version, code, secrets: { KEY: "opened" } });
}

interface Fleet {
  readonly signer: Signer;
  readonly control: ControlPlaneDouble;
  readonly data: string;
  /** Makes this the state for new streams, and sends it on open ones. */
  readonly publish: (state: DesiredState) => void;
  readonly acked: (revision: number) => Promise<void>;
  readonly startNode: (flags?: Readonly<Record<string, string>>) => EdgeNodeProcess;
}

async function setUp(): Promise<Fleet> {
  const signer = new Signer();
  const control = await new ControlPlaneDouble().start();
  const data = await temporaryFolder();
  return {
    signer,
    control,
    data,
    publish: (state) => {
      for (const [digest, bytes] of signer.blobs) control.blobs.set(digest, bytes);
      control.greeting = [{ kind: "state", state }];
      control.push({ kind: "state", state });
    },
    acked: (revision) => control.until(() => control.acks.some((ack) => ack.revision === revision)),
    startNode: (flags) => new EdgeNodeProcess({ control: control.url, data, ...flags }),
  };
}

/** Real processes on a machine that may be busy. */
const patience = { timeout: 180_000 };

describe("an edge node and its control plane", patience, () => {
  it("serves what is published, switches to what is published next, and reports logs and results", async () => {
    const { signer, control, publish, acked, startNode } = await setUp();
    const node = await startNode().serving();
    expect(await node.get("/")).toMatchObject({ status: 404 });
    publish(signer.state(1, [answering(signer, "one")], domains));
    await acked(1);
    expect(await node.get("/")).toMatchObject({ status: 200, text: "one" });
    expect(await node.get("/key")).toMatchObject({ text: "opened" });
    expect((await node.get("/", "other.example.com")).text).toContain("DOMAIN_UNKNOWN");
    publish(signer.state(2, [answering(signer, "two", "v2")], domains));
    await acked(2);
    expect(await node.get("/log")).toMatchObject({ text: "two" });
    await control.until(() => control.logs.length > 0);
    expect(control.logs[0]).toMatchObject({
      node: "node-1",
      function: "hello",
      version: "v2",
      message: "logged by v2",
    });
    const request = { method: "GET", url: "http://x.test/", headers: [], body: null };
    control.push({ kind: "invoke", id: "i-1", function: "hello", qualifier: "live", phase: "fetch", request });
    await control.until(() => control.results.length > 0);
    const outcome = { kind: "response", status: 200, body: Buffer.from("two").toString("base64") };
    expect(control.results[0]).toMatchObject({ id: "i-1", outcome });
    expect(control.acks.every(({ failures }) => failures.length === 0)).toBe(true);
  });

  it("runs a function with the WebAssembly that its signed manifest names", async () => {
    const { signer, publish, acked, startNode } = await setUp();
    const node = await startNode().serving();
    const code = `{const modules=__selvageTakeWasm();
      var __selvageModule = { default: { fetch() {
        const { add } = new WebAssembly.Instance(modules[${JSON.stringify(digestOf(addModule))}]).exports;
        return new Response(String(add(40, 2)));
      } } };}`;
    publish(signer.state(1, [signer.release({ code, wasm: [addModule] })], domains));
    await acked(1);
    expect(await node.get("/")).toMatchObject({ status: 200, text: "42" });
  });

  it("keeps serving when the control plane is killed, and after a restart without it", async () => {
    const { signer, control, publish, acked, startNode } = await setUp();
    const first = await startNode().serving();
    publish(signer.state(1, [answering(signer, "kept")], domains));
    await acked(1);
    await control.stop();
    expect(await first.get("/")).toMatchObject({ text: "kept" });
    first.kill("SIGKILL");
    await first.exited;
    const second = await startNode({ port: String(first.port) }).serving();
    expect(await second.get("/key")).toMatchObject({ status: 200, text: "opened" });
    await expect
      .poll(() => second.health())
      .toMatchObject({ httpStatus: 200, revision: 1, control: { state: "down" } });
    publish(signer.state(2, [answering(signer, "newer", "v2")], domains));
    await control.start();
    await acked(2);
    expect(await second.get("/")).toMatchObject({ text: "newer" });
  });

  it("serves the state before a damaged one, and fetches damaged artifacts again", async () => {
    const { signer, control, data, publish, acked, startNode } = await setUp();
    const [one, two] = [answering(signer, "one"), answering(signer, "two", "v2")];
    const first = await startNode().serving();
    publish(signer.state(1, [one], domains));
    await acked(1);
    publish(signer.state(2, [two], domains));
    await acked(2);
    first.kill("SIGKILL");
    await first.exited;
    await control.stop();
    await writeFile(path.join(data, "state.json"), "{ damaged");
    const second = await startNode().serving();
    expect(await second.get("/")).toMatchObject({ text: "one" });
    second.kill("SIGKILL");
    await second.exited;
    const { digest, bytes } = two.manifest.module;
    const blob = path.join(data, "blobs", digest.slice(0, 2), digest);
    await writeFile(blob, Buffer.alloc(bytes, "x"));
    control.acks.length = 0;
    await control.start();
    const third = await startNode().serving();
    await acked(2);
    expect(control.acks.at(-1)?.failures).toEqual([]);
    expect(await third.get("/")).toMatchObject({ text: "two" });
    expect(await readFile(blob)).toEqual(signer.blobs.get(digest));
  });

  it("refuses a state signed with another key than the pinned one, and serves on", async () => {
    const { signer, control, publish, acked, startNode } = await setUp();
    const node = await startNode().serving();
    publish(signer.state(1, [answering(signer, "trusted")], domains));
    await acked(1);
    const stranger = new Signer();
    const forged = stranger.state(2, [answering(stranger, "forged")], domains);
    for (const [digest, bytes] of stranger.blobs) control.blobs.set(digest, bytes);
    publish(forged);
    // The trusted state again, behind the forged one: when it is acknowledged the forged one was dealt with.
    publish(signer.state(3, [answering(signer, "trusted")], domains));
    await acked(3);
    expect(await node.get("/")).toMatchObject({ text: "trusted" });
    expect(control.acks.map(({ revision }) => revision)).not.toContain(2);
  });

  it("serves with the in-process driver as well", async () => {
    const { signer, publish, acked, startNode } = await setUp();
    const node = await startNode({ driver: "in-process" }).serving();
    publish(signer.state(1, [answering(signer, "from within")], domains));
    await acked(1);
    expect(await node.get("/")).toMatchObject({ status: 200, text: "from within" });
    node.kill("SIGTERM");
    expect(await node.exited).toEqual({ code: 0, signal: null });
  });

  it("reports a version that cannot be loaded, and serves the others", async () => {
    const { signer, control, publish, acked, startNode } = await setUp();
    const node = await startNode().serving();
    const broken = signer.release({ function: "broken", code: `throw new Error("at the top level")` });
    const both = [...domains, domainServedBy("broken.example.com", "broken")];
    publish(signer.state(1, [answering(signer, "fine"), broken], both));
    await acked(1);
    expect(control.acks[0]?.failures).toMatchObject([{ function: "broken", code: "FUNCTION_LOAD_FAILED" }]);
    expect(await node.get("/")).toMatchObject({ text: "fine" });
    expect((await node.get("/", "broken.example.com")).status).toBeGreaterThanOrEqual(500);
  });
});

describe("an edge node and its processes", patience, () => {
  it("restarts a front that was killed, with the state it served, on the same port", async () => {
    const { signer, publish, acked, startNode } = await setUp();
    const node = await startNode().serving();
    publish(signer.state(1, [answering(signer, "still here")], domains));
    await acked(1);
    const pid = (await node.health()).fronts[0]?.pid ?? 0;
    process.kill(pid, "SIGKILL");
    let health = await node.health();
    while (health.httpStatus !== 200 || health.fronts[0]?.restarts !== 1) health = await node.health();
    expect(health.fronts[0]).toMatchObject({ phase: "serving", revision: 1 });
    expect(health.fronts[0]?.pid).not.toBe(pid);
    expect(await node.get("/")).toMatchObject({ text: "still here" });
  });

  it("SIGTERM ends a request in flight with its answer, then every process, with exit code 0", async () => {
    const { signer, control, publish, acked, startNode } = await setUp();
    const node = await startNode().serving();
    const code = `var __selvageModule = { default: { async fetch() {
      console.log("begun");
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return new Response("slow but whole");
    } } };`;
    publish(signer.state(1, [signer.release({ code })], domains));
    await acked(1);
    const pid = (await node.health()).fronts[0]?.pid ?? 0;
    const answer = node.get("/");
    await control.until(() => control.logs.length > 0);
    node.kill("SIGTERM");
    expect(await answer).toMatchObject({ status: 200, text: "slow but whole" });
    expect(await node.exited).toEqual({ code: 0, signal: null });
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  it("a second signal ends it at once", async () => {
    const { signer, control, publish, acked, startNode } = await setUp();
    const node = await startNode().serving();
    const code = `var __selvageModule = { default: { async fetch() {
      console.log("begun");
      await new Promise((resolve) => setTimeout(resolve, 25_000));
    } } };`;
    publish(signer.state(1, [signer.release({ code })], domains));
    await acked(1);
    const failure = failureOf(node.get("/"));
    await control.until(() => control.logs.length > 0);
    node.kill("SIGINT");
    while ((await node.health()).status !== "stopping");
    node.kill("SIGINT");
    expect(await node.exited).toEqual({ code: 130, signal: null });
    expect(await failure).toMatch(/hang up|ECONNRESET/);
  });

  it("no front outlives a supervisor that was killed", async () => {
    const { startNode } = await setUp();
    const node = await startNode({ fronts: "2" }).serving();
    const pids = (await node.health()).fronts.map(({ pid }) => pid ?? 0);
    expect(pids).toHaveLength(2);
    node.kill("SIGKILL");
    await node.exited;
    const isAlive = (pid: number): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    while (pids.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
  });

  it("never gives a front the token", async () => {
    const { startNode } = await setUp();
    const node = await startNode().serving();
    const pid = (await node.health()).fronts[0]?.pid ?? 0;
    const environment = await readFile(`/proc/${pid}/environ`, "utf8");
    expect(environment).not.toContain("SELVAGE_NODE_TOKEN");
    expect(await readFile(`/proc/${pid}/cmdline`, "utf8")).not.toContain("token");
  });

  it("answers /metrics with what fronts and supervisor counted", async () => {
    const { signer, publish, acked, startNode } = await setUp();
    const node = await startNode({ fronts: "2" }).serving();
    publish(signer.state(5, [answering(signer, "counted")], domains));
    await acked(5);
    for (let request = 0; request < 4; request++) await node.get("/");
    const metrics = await node.metrics();
    expect(metrics).toContain("selvage_node_revision 5");
    expect(metrics).toContain("selvage_node_fronts_serving 2");
    expect(metrics).toContain("selvage_node_control_link_up 1");
    expect(metrics).toMatch(/^selvage_front_collections_total \d+$/m);
    expect(metrics).toContain(`selvage_function_invocations{function="hello",version="v1"} 4`);
    expect(metrics).toContain(`selvage_requests_total{domain="www.example.com",status="2xx"} 4`);
  });

  it("ends with 1 and a clear message when its port is taken, also by another node", async () => {
    const { startNode } = await setUp();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const node = startNode({ port: String(port) });
    expect(await node.exited).toMatchObject({ code: 1 });
    expect(node.output).toContain(`Cannot listen on 127.0.0.1:${port}`);
    const first = await startNode().serving();
    const second = startNode({ port: String(first.port), data: await temporaryFolder() });
    expect(await second.exited).toMatchObject({ code: 1 });
  });

  it("ends with 2 and every problem when its settings are not valid", async () => {
    const node = new EdgeNodeProcess({ control: "ftp://x", data: "/nowhere", fronts: "0", driver: "threads" });
    expect(await node.exited).toMatchObject({ code: 2 });
    for (const flag of ["--control", "--fronts", "--driver"]) expect(node.output).toContain(flag);
  });
});
