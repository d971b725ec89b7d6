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

function ended(id: string): Promise<CallResource> {
  const look = async (): Promise<CallResource | null> => {
    const call = await fleet.client.calls.get(id);
    return call.endedAt === null ? null : call;
  };
  return waitFor(look, { what: `the end of call ${id}`, ...patience });
}

const running = async (): Promise<true | null> =>
  (await fleet.client.calls.list({ state: "running", limit: 10 })).calls.length >= 10 ? true : null;

/** The ids that are told of, each with a result that was made under it; sorted. */
async function toldIds(count: number): Promise<readonly string[]> {
  const records = await takeRecords(count);
  return records
    .map(({ id, result }) => ((result as { id: string }).id === id ? id : `${id} with a result of another`))
    .sort();
}

describe("asynchronous calls", () => {
  it("run on the nodes, under their request ids, and are told of", async () => {
    await fleet.client.calls.setConfig({ function: "f" }, { onSuccess: { kind: "queue", queue: "done" } });
    const ids = await acceptMany(0);
    expect(await toldIds(CALLS)).toEqual(ids.toSorted());
  });

  it("that throw have failed after their retries, with the author's error", async () => {
    const id = await accept({ n: 7, fail: true });
    const call = await ended(id);
    expect(call).toMatchObject({ state: "fail", attempts: 2, errorCode: "TypeError" });
    expect(call.errorMessage).toContain("no 7");
  });

  it("that take longer than their function may are a timeout", async () => {
    await fleet.client.createFunction({ name: "slow" });
    const source = { kind: "inline", code, language: "js" } as const;
    await fleet.client.publish("slow", { source, event: {}, limits: { eventWallMs: 200 } });
    await waitUntilServed(fleet, 2);
    await fleet.client.calls.setConfig({ function: "slow" }, { retries: 0 });
    const { requestId } = await fleet.client.calls.accept("slow", { event: { ms: 60_000 } });
    const call = await ended(requestId);
    expect(call).toMatchObject({ state: "timeout", attempts: 1 });
  });

  it("survive kill -9 of a node that runs them", async () => {
    const ids = await acceptMany(2_500);
    await waitFor(running, { what: "running calls", ...patience });
    await one.kill();
    expect(await toldIds(CALLS)).toEqual(ids.toSorted());
    await one.start();
  });

  it("survive kill -9 of the control plane", async () => {
    const ids = await acceptMany(2_500);
    await waitFor(running, { what: "running calls", ...patience });
    await fleet.killControlPlane();
    await fleet.startControlPlane();
    expect(await toldIds(CALLS)).toEqual(ids.toSorted());
  });
});
