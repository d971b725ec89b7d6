/** Asynchronous calls with a real control plane and real nodes: what was accepted ends, whoever is killed meanwhile. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntilServed } from "../bench/harness/fleet-setup.ts";
import { LocalFleet, type FleetNode } from "../bench/harness/local-fleet.ts";
import { pathWithNode } from "../bench/harness/project-files.ts";
import { waitFor } from "../bench/harness/wait-for.ts";
import type { CallResource } from "../sdk/calls.ts";

const settings = { SELVAGE_NODE_DRIVER: "in-process", SELVAGE_NODE_FRONTS: "1" };
const patience = { deadlineMs: 110_000, everyMs: 100 };
const CALLS = 120;
const code = `exports.handler = async (event, context) => {
  if (event.fail) throw new TypeError("no " + event.n);
  await new Promise((resolve) => setTimeout(resolve, event.ms ?? 0));
  return { n: event.n, id: context.getRequestID() };
};`;

let folder: string;
let fleet: LocalFleet;
let one: FleetNode;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-async-"));
  const { PATH = "", HOME = "/" } = process.env;
  fleet = await LocalFleet.start({ folder, env: { PATH: pathWithNode(PATH), HOME } });
  one = await fleet.startNode({ name: "one", settings });
  await fleet.startNode({ name: "two", settings });
  await fleet.client.createFunction({ name: "f" });
  const source = { kind: "inline", code, language: "js" } as const;
  await fleet.client.publish("f", { source, event: {}, limits: { concurrency: 20 } });
  await waitUntilServed(fleet, 2);
}, 180_000);

afterAll(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}, 180_000);

function accept(event: object): Promise<string> {
  return fleet.client.calls.accept("f", { event }).then(({ requestId }) => requestId);
}

const acceptMany = (ms: number): Promise<readonly string[]> =>
  Promise.all(Array.from({ length: CALLS }, (_, n) => accept({ n, ms })));

/** Ids and results of the records in the queue, in order; the queue is empty afterwards. */
async function takeRecords(count: number): Promise<readonly { readonly id: string; readonly result: unknown }[]> {
  const read = async () => {
    const messages = await fleet.client.calls.readMessages("done", { limit: 1_000 });
    return messages.length >= count ? messages : null;
  };
  const messages = await waitFor(read, { what: `${count} records`, ...patience });
  await fleet.client.calls.forgetMessages("done", messages.at(-1)?.sequence ?? 0);
  return messages.map(({ body }) => {
    const record = body as { request_context: { request_id: string }; response_payload: unknown };
    return { id: record.request_context.request_id, result: record.response_payload };
  });
}

const running = async (): Promise<true | null> =>
  (await fleet.client.calls.list({ state: "running", limit: 10 })).calls.length >= 10 ? true : null;

/** Every id is told of once, with a result that was made under it. */
async function expectAll(ids: readonly string[]): Promise<void> {
  const records = await takeRecords(ids.length);
  expect(records.map(({ id }) => id).sort()).toEqual(ids.toSorted());
  for (const { id, result } of records) expect(result).toMatchObject({ id });
}

describe("asynchronous calls", () => {
  it("run on the nodes, under their request ids, and are told of", async () => {
    await fleet.client.calls.setConfig({ function: "f" }, { onSuccess: { kind: "queue", queue: "done" } });
    await expectAll(await acceptMany(0));
  });

  it("that throw have failed after their retries, with the author's error", async () => {
    const id = await accept({ n: 7, fail: true });
    const ended = async (): Promise<CallResource | null> => {
      const call = await fleet.client.calls.get(id);
      return call.endedAt === null ? null : call;
    };
    const call = await waitFor(ended, { what: "the call's end", ...patience });
    expect(call).toMatchObject({ state: "fail", attempts: 2, errorCode: "TypeError" });
    expect(call.errorMessage).toContain("no 7");
  });

  it("survive kill -9 of a node that runs them", async () => {
    const ids = await acceptMany(700);
    await waitFor(running, { what: "running calls", ...patience });
    await one.kill();
    await expectAll(ids);
    await one.start();
  });

  it("survive kill -9 of the control plane", async () => {
    const ids = await acceptMany(700);
    await waitFor(running, { what: "running calls", ...patience });
    await fleet.killControlPlane();
    await fleet.startControlPlane();
    await expectAll(ids);
  });
});
