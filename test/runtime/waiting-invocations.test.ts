/** What goes on after an answer has an end, whatever the function does: on a clock that tests move. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import { InvocationClient } from "../../runtime/client/invocation-client.ts";
import type { Outcome } from "../../runtime/driver.ts";
import { Engine } from "../../runtime/engine.ts";
import { memoryLinks } from "../../runtime/memory-link.ts";
import { waitUntilLimits } from "../../sdk/limits.ts";
import { invocationOf, quietHost, textOf, versionOf } from "./driver-fixtures.ts";
import { guestCode } from "./guest-code.ts";

const real = nodeRuntimeEnvironment((message) => {
  throw new Error(message);
});
const tooLongMs = waitUntilLimits.msMin + 1_000;

let aheadMs = 0;
let client: InvocationClient;
let engine: Engine;
let logs: string[];

beforeEach(async () => {
  aheadMs = 0;
  logs = [];
  const environment = { ...real, nowMs: () => real.nowMs() + aheadMs };
  const links = memoryLinks(environment);
  client = new InvocationClient(links.front, environment);
  const guest = await guestCode();
  engine = new Engine(links.engine, { environment, guest, baseSnapshot: null, spares: 0, areTrusted: true });
});
afterEach(async () => {
  await client.close();
  engine.close();
});

async function run(module: string, limits = {}): Promise<{ readonly key: string; readonly outcome: Outcome }> {
  const version = versionOf(module, limits);
  await client.load(version);
  return { key: version.key, outcome: await client.invoke(invocationOf(version.key, {}), quietHost(logs)).outcome };
}

/** Several looks at the limits. */
async function looks(): Promise<void> {
  await new Promise<void>((resolve) => {
    real.startTimer(50, resolve);
  });
}

const never = `{ fetch(request, env, ctx) { ctx.waitUntil(new Promise(() => {})); setInterval(() => {}, 1_000); return new Response("ok"); } }`;

it("waitUntil() that never settles is abandoned after its time, and the function's log says so", async () => {
  await run(never);
  aheadMs = waitUntilLimits.msMin - 1_000;
  await looks();
  expect(client.active).toBe(1);
  aheadMs = tooLongMs;
  await vi.waitFor(() => {
    expect(client.active).toBe(0);
  });
  expect(logs).toEqual([
    expect.stringContaining("error FUNCTION_WALL_LIMIT: waitUntil() went on for more than 30000 ms"),
  ]);
});

it("a version with a longer wall limit may go on as long", async () => {
  await run(never, { wallMs: 60_000 });
  aheadMs = 59_000;
  await looks();
  expect(client.active).toBe(1);
  aheadMs = 61_000;
  await vi.waitFor(() => {
    expect(client.active).toBe(0);
  });
});

it("a version that was unloaded stops when what it had answered has had its time", async () => {
  const { key } = await run(never);
  client.unload(key);
  await looks();
  expect([client.instances, client.instancesGone]).toEqual([1, 0]);
  aheadMs = tooLongMs;
  await vi.waitFor(() => {
    expect([client.instances, client.instancesGone]).toEqual([0, 1]);
  });
});

it("an answer that somebody reads goes on, and what comes after it has its time from then", async () => {
  const module = `{ fetch(request, env, ctx) {
    ctx.waitUntil(new Promise(() => {}));
    let sent = 0;
    return new Response(new ReadableStream({ async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (sent++ < 20) controller.enqueue(new TextEncoder().encode("."));
      else controller.close();
    } }));
  } }`;
  const { key, outcome } = await run(module);
  client.unload(key);
  aheadMs = tooLongMs;
  expect(await textOf(outcome)).toBe(".".repeat(20));
  await looks();
  expect(client.active).toBe(1);
  aheadMs += tooLongMs;
  await vi.waitFor(() => {
    expect(client.active).toBe(0);
  });
});

it("what settles in time is not abandoned", async () => {
  await run(`{ fetch(request, env, ctx) {
    ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 20)).then(() => console.log("settled")));
    return new Response("ok");
  } }`);
  await vi.waitFor(() => {
    expect(client.active).toBe(0);
  });
  expect(logs).toEqual(["info settled"]);
});
