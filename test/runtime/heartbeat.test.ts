/** Heartbeats of real instances: time is what the test says, so that nothing waits for seconds. */
import { heartbeatLimits } from "../../sdk/instance-limits.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import type { RunnableVersion, SubrequestResponse, VersionStats } from "../../runtime/driver.ts";
import { nodeLimits, type FunctionLimits } from "../../sdk/limits.ts";
import { invocationOf, quietHost, textOf, versionOf } from "./driver-fixtures.ts";
import { guestCode } from "./guest-code.ts";

/** Timers of heartbeats, found by their delays, are over a hundred times sooner; others are left alone. */
const faster = (answerMs: number): ReadonlyMap<number, number> =>
  new Map([
    [heartbeatLimits.everyMs, 50],
    [heartbeatLimits.timeoutMs, answerMs],
    [heartbeatLimits.everyMs - heartbeatLimits.timeoutMs, 20],
  ]);

/** No miss is counted while the test runs. */
const never = 600_000;

interface World {
  readonly driver: LocalDriver;
  readonly version: RunnableVersion;
  readonly logs: string[];
  readonly stats: () => Promise<VersionStats>;
  /** Until `isSo`, or the test's own end. */
  readonly until: (isSo: (stats: VersionStats) => boolean) => Promise<VersionStats>;
  readonly passMs: (ms: number) => void;
}

async function world(module: string, limits: Partial<FunctionLimits> = {}, answerMs = 500): Promise<World> {
  const delays = faster(answerMs);
  let aheadMs = 0;
  const real = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  const environment = {
    ...real,
    nowMs: () => real.nowMs() + aheadMs,
    startTimer: (delayMs: number, fire: () => void) => real.startTimer(delays.get(delayMs) ?? delayMs, fire),
  };
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  onTestFinished(() => driver.close());
  const version = versionOf(module, limits);
  await driver.load(version);
  const stats = async (): Promise<VersionStats> => {
    const [row] = await driver.stats();
    if (row === undefined) throw new Error("no statistics");
    return row;
  };
  return {
    driver,
    version,
    logs: [],
    stats,
    until: async (isSo) => {
      for (;;) {
        const row = await stats();
        if (isSo(row)) return row;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    passMs: (ms) => {
      aheadMs += ms;
    },
  };
}

const get = async ({ driver, version, logs }: World, url = "http://example.com/"): Promise<string> =>
  textOf(await driver.invoke(invocationOf(version.key, { url }), quietHost(logs)).outcome);

/** A request that ends when the test says so. */
function startWaiting({ driver, version, logs }: World): {
  readonly finish: () => void;
  readonly outcome: Promise<string>;
} {
  const gate = Promise.withResolvers<SubrequestResponse>();
  const host = { ...quietHost(logs), fetch: () => gate.promise };
  const invocation = invocationOf(version.key, { url: "http://example.com/wait" });
  return {
    finish: () => {
      const body = { kind: "empty" } as const;
      gate.resolve({
        status: 200,
        statusText: "",
        headers: "",
        body,
        url: "http://until.the.test/",
        redirected: false,
      });
    },
    outcome: driver.invoke(invocation, host).outcome.then(textOf),
  };
}

describe("heartbeat", () => {
  it.each([
    ["answers false", "() => false", "it answered false"],
    ["throws", "() => { throw new Error('ill'); }", "it threw Error: ill"],
    ["is rejected", "async () => { throw new Error('ill'); }", "it threw Error: ill"],
    ["never answers", "() => new Promise(() => {})", "it gave no answer within 3000 ms"],
  ])(
    "that %s six times in a row ends an idle instance, which the log and the counters say",
    async (_name, heartbeat, reason) => {
      const here = await world(`{ heartbeat: ${heartbeat}, fetch() { return new Response("fine"); } }`);
      expect(await get(here)).toBe("fine");
      const gone = await here.until(({ retired, instances }) => retired === 1 && instances === 0);
      expect(gone).toMatchObject({ heartbeatMisses: heartbeatLimits.missesMax, failures: 0, coldStarts: 1 });
      expect(here.logs.join()).toContain(`it missed 6 heartbeats in a row, the last one because ${reason}`);
      expect(await get(here)).toBe("fine");
    },
  );

  it.each([
    ["true", "() => true"],
    ["nothing", "async () => {}"],
    ["0", "() => 0"],
  ])("that answers %s keeps its instance", async (_name, heartbeat) => {
    const here = await world(
      `(() => { let beats = 0; return { heartbeat() { beats += 1; return (${heartbeat})(); }, fetch() { return new Response(String(beats)); } }; })()`,
    );
    // More often than misses would have been forgiven.
    const enough = heartbeatLimits.missesMax + 2;
    while (Number(await get(here)) < enough) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await here.stats()).toMatchObject({ retired: 0, instances: 1, coldStarts: 1 });
  });

  const waiting = `(() => { let waits = false; return {
    heartbeat() { return false; },
    async fetch(request) {
      if (!request.url.endsWith("/wait")) return new Response(waits ? "the same" : "another");
      waits = true;
      await fetch("http://until.the.test/");
      return new Response("finished");
    },
  }; })()`;

  it("lets a retired instance finish what it runs while another serves who comes", async () => {
    const here = await world(waiting, { concurrency: 10 }, 40);
    const { finish, outcome } = startWaiting(here);
    await here.until(({ retired, instances }) => retired === 1 && instances === 2);
    expect(await get(here)).toBe("another");
    finish();
    expect(await outcome).toBe("finished");
  });

  it("counts a retired instance among those the function may have, until it is gone", async () => {
    const here = await world(waiting, { concurrency: 10, instancesMax: 1 }, 40);
    const { finish, outcome } = startWaiting(here);
    await here.until(({ retired }) => retired === 1);
    const next = get(here);
    expect(await here.stats()).toMatchObject({ instances: 1, queued: 1 });
    finish();
    expect([await outcome, await next]).toEqual(["finished", "another"]);
  });

  it("that computes without an end is stopped at its own limit, while nothing else suffers", async () => {
    const here = await world(
      `{ heartbeat() { for (;;); }, fetch() { return new Response("fine"); } }`,
      { cpuMs: 30_000 },
      never,
    );
    await here.driver.warm(here.version.key, 1);
    const gone = await here.until(({ instances }) => instances === 0);
    expect(gone).toMatchObject({ retired: 0, failures: 0 });
    expect(gone.cpuMs).toBeLessThan(5_000);
    expect(await get(here)).toBe("fine");
  });

  it("that takes memory without an end is stopped as any invocation is", async () => {
    const here = await world(
      `{ heartbeat() { globalThis.all ??= []; for (;;) all.push(new Array(1e5).fill({})); }, fetch() { return new Response("fine"); } }`,
      { memoryMiB: 16 },
      never,
    );
    await here.driver.warm(here.version.key, 1);
    await here.until(({ instances }) => instances === 0);
    expect(await get(here)).toBe("fine");
  });

  it("keeps no idle instance: it is evicted when its time is over, by the question itself", async () => {
    const here = await world(`{ heartbeat() { return true; }, fetch() { return new Response("fine"); } }`);
    await here.driver.warm(here.version.key, 1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await here.stats()).toMatchObject({ instances: 1 });
    here.passMs(nodeLimits.instanceIdleMs + 1);
    expect(await here.until(({ instances }) => instances === 0)).toMatchObject({ retired: 0, heartbeatMisses: 0 });
  });
});
