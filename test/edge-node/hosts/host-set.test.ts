import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ensureBaseSnapshot } from "../../../edge-node/hosts/base-snapshot.ts";
import { defaultGuestPath, hostFiles, HostProcess } from "../../../edge-node/hosts/host-process.ts";
import { findSandbox } from "../../../edge-node/hosts/sandbox/find-sandbox.ts";
import { HostSet } from "../../../edge-node/hosts/host-set.ts";
import { nodeRuntimeEnvironment } from "../../../edge-node/hosts/node-runtime-environment.ts";
import { allocatorSettings } from "../../../edge-node/settings/allocator.ts";
import { processPriority } from "../../../edge-node/hosts/process-priority.ts";
import { residentMiB, usedCpuMs } from "../../../edge-node/hosts/process-usage.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import type { Outcome, SubrequestResponse } from "../../../runtime/driver.ts";
import { driverContract } from "../../runtime/driver-contract.ts";
import { invocationOf, quietHost, streamOf, textOf, versionOf } from "../../runtime/driver-fixtures.ts";

const environment = nodeRuntimeEnvironment((message) => {
  throw new Error(message);
});
const folder = await mkdtemp(join(tmpdir(), "selvage-hosts-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The one that a node on this machine uses. */
const sandbox = await findSandbox({
  wanted: "auto",
  command: process.execPath,
  readable: hostFiles(defaultGuestPath),
  platform: process.platform,
  architecture: process.arch,
  isRoot: process.getuid?.() === 0,
});

async function startHosts(count: number): Promise<HostSet> {
  const process = {
    environment,
    guestPath: defaultGuestPath,
    baseSnapshotPath: await ensureBaseSnapshot({ guestPath: defaultGuestPath, folder }),
    spares: 1,
    sandbox,
  };
  const hosts = new HostSet({
    startHost: (onEnd) => new HostProcess(process, onEnd),
    environment,
    logger: silentLogger,
    count,
    restartShare: 1,
    hostMemoryMiB: 1_024,
    rssMiB: residentMiB,
    cpuMs: usedCpuMs,
    priority: processPriority,
  });
  await hosts.start();
  return hosts;
}

const bombs = {
  "a split that V8 cannot allocate (SIGTRAP)": `return new Response(String("x".repeat(1 << 28).split("").length));`,
  "a growing Map": `const map = new Map(); for (let i = 0; ; i++) map.set(i, {});`,
  "a deep JSON text": `return new Response(String(JSON.parse("[".repeat(5e6) + "]".repeat(5e6)).length));`,
  "a search that never looks up": `return new Response(String("x".repeat(1 << 22).indexOf("x".repeat(1 << 21) + "y" + "x".repeat(1 << 20))));`,
  "a filled array": `return new Response(String(new Array(2 ** 27).fill({}).length));`,
};

driverContract("HostSet (process driver)", () => startHosts(1));

describe("HostSet", () => {
  it("hosts start without their base snapshot where its file is gone", async () => {
    const ended: string[] = [];
    const host = new HostProcess(
      { environment, guestPath: defaultGuestPath, baseSnapshotPath: join(folder, "gone"), spares: 0, sandbox },
      (_host, { reason }) => ended.push(reason),
    );
    await host.driver.ping();
    expect(ended).toEqual([]);
    host.kill();
    await expect.poll(() => host.ended).toBe(true);
  });

  it("hosts have the allocator's settings in their environment, and nothing else", async () => {
    const environments: unknown[] = [];
    const watching: typeof sandbox = {
      ...sandbox,
      launch: (program) => {
        environments.push(program.environment);
        return sandbox.launch(program);
      },
    };
    const host = new HostProcess(
      { environment, guestPath: defaultGuestPath, baseSnapshotPath: null, spares: 0, sandbox: watching },
      () => {},
    );
    await host.driver.ping();
    host.kill();
    await expect.poll(() => host.ended).toBe(true);
    expect(environments).toEqual([allocatorSettings]);
  });

  it("what ran in a host that is killed runs once more on the one that stood by", async () => {
    const hosts = await startHosts(1);
    const version = versionOf(`{ fetch() { return new Response("served"); } }`, {});
    const waiting = versionOf(
      `{ async fetch() { await new Promise((resolve) => setTimeout(resolve, 300)); return new Response("waited"); } }`,
      {},
    );
    for (const one of [version, waiting]) {
      await hosts.load(one);
      await hosts.warm(one.key, 1);
    }
    await hosts.stats();
    const lost = hosts.invoke(invocationOf(waiting.key, {}), quietHost([]));
    for (const pid of hosts.pids) process.kill(pid, "SIGKILL");
    expect(await textOf(await lost.outcome)).toBe("waited");
    expect(await textOf(await hosts.invoke(invocationOf(version.key, {}), quietHost([])).outcome)).toBe("served");
    expect(hosts.containment()).toMatchObject({ repeated: 1, quarantined: [], deaths: { killed: 1 } });
    const starts = (await hosts.stats()).filter(({ key }) => key === version.key).map(({ coldStarts }) => coldStarts);
    expect(starts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(2);
    await hosts.close();
  });

  it("a request whose body was read, and one that changed the world, is not sent again: it fails with HOST_LOST", async () => {
    const hosts = await startHosts(1);
    const version = versionOf(
      `{ async fetch(request) {
        if (request.method === "POST") await fetch("http://example.com/").catch(() => {});
        else await request.text();
        console.log("seen");
        await new Promise((resolve) => setTimeout(resolve, 20000));
        return new Response("late");
      } }`,
      {},
    );
    await hosts.load(version);
    const seen = Promise.withResolvers<undefined>();
    let lines = 0;
    // Whose line it is nobody can say after an await.
    const log = (): void => {
      if (++lines === 2) seen.resolve(undefined);
    };
    const requests = [{ method: "POST" }, { method: "PUT", body: streamOf(["a", "b"]) }] as const;
    const lost = requests.map((request) => hosts.invoke(invocationOf(version.key, request), { ...quietHost([]), log }));
    await seen.promise;
    for (const pid of hosts.pids) process.kill(pid, "SIGKILL");
    for (const { outcome } of lost) expect(await outcome).toMatchObject({ kind: "failed", code: "HOST_LOST" });
    expect(hosts.containment()).toMatchObject({ repeated: 0, notRepeated: 2 });
    await hosts.close();
  });

  for (const [what, code] of Object.entries(bombs)) {
    it(`${what} fails no request of its neighbour`, async () => {
      const hosts = await startHosts(1);
      const bomb = versionOf(`{ fetch() { ${code} } }`, { cpuMs: 50 });
      const neighbour = versionOf(
        `{ async fetch() { await new Promise((resolve) => setTimeout(resolve, 5)); return new Response("served"); } }`,
        {},
      );
      for (const version of [bomb, neighbour]) {
        await hosts.load(version);
        await hosts.warm(version.key, 1);
      }
      const attack = new AbortController();
      const failures: unknown[] = [];
      const traffic = async (): Promise<void> => {
        while (!attack.signal.aborted) {
          const outcome = await hosts.invoke(invocationOf(neighbour.key, {}), quietHost([])).outcome;
          if (outcome.kind !== "response") failures.push(outcome);
        }
      };
      const running = traffic();
      const ends = new Set<string>();
      for (let round = 0; round < 3; round += 1) {
        const asked = Array.from({ length: 4 }, () => hosts.invoke(invocationOf(bomb.key, {}), quietHost([])).outcome);
        for (const outcome of await Promise.all(asked))
          ends.add(outcome.kind === "failed" ? outcome.code : outcome.kind);
      }
      attack.abort();
      await running;
      expect(failures).toEqual([]);
      const allowed = [
        "HOST_LOST",
        "FUNCTION_QUARANTINED",
        "FUNCTION_CPU_LIMIT",
        "FUNCTION_MEMORY_LIMIT",
        "FUNCTION_INSTANCE_LOST",
      ];
      expect([...ends].filter((end) => !allowed.includes(end))).toEqual([]);
      await hosts.close();
    });
  }

  it("a version whose thread does not come back is quarantined, and its neighbour's socket-like long request finishes", async () => {
    const hosts = await startHosts(1);
    const bomb = versionOf(`{ fetch() { ${bombs["a search that never looks up"]} } }`, { cpuMs: 50 });
    const neighbour = versionOf(
      `{ async fetch() { await fetch("http://until.the.test/"); return new Response("finished"); } }`,
      {},
    );
    for (const version of [bomb, neighbour]) await hosts.load(version);
    const gate = Promise.withResolvers<SubrequestResponse>();
    const host = { ...quietHost([]), fetch: () => gate.promise };
    const asked = hosts.invoke(invocationOf(neighbour.key, { requestId: "long" }), host).outcome;
    const outcome = await hosts.invoke(invocationOf(bomb.key, {}), quietHost([])).outcome;
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_CPU_LIMIT" });
    await expect.poll(() => hosts.containment()).toMatchObject({ deaths: { stuck: 1 } });
    const body = { kind: "empty" } as const;
    gate.resolve({ status: 200, statusText: "", headers: "", body, url: "http://until.the.test/", redirected: false });
    expect(await textOf(await asked)).toBe("finished");
    expect(hosts.containment()).toMatchObject({
      repeated: 0,
      suspects: 0,
      quarantined: [{ kills: 1 }],
      deaths: { stuck: 1 },
    });
    await hosts.close();
  });

  it("a dedicated version lives in a process of its own", async () => {
    const hosts = await startHosts(1);
    const version = {
      ...versionOf(`{ fetch() { return new Response("alone"); } }`, {}),
      isolation: "dedicated" as const,
    };
    await hosts.load(version);
    expect(await textOf(await hosts.invoke(invocationOf(version.key, {}), quietHost([])).outcome)).toBe("alone");
    expect(hosts.containment().hosts.map(({ kind }) => kind)).toContain("dedicated");
    await hosts.close();
  });

  it("hosts run without environment, disk, processes and workers", async () => {
    const hosts = await startHosts(1);
    const version = versionOf(
      `{ fetch() { return Response.json([Object.getOwnPropertyNames(process), Object.keys(process.env), typeof require, typeof SharedArrayBuffer, Object.keys(globalThis).filter((k) => k.startsWith("__selvage"))]); } }`,
      {},
    );
    await hosts.load(version);
    expect(JSON.parse(await textOf(await served(hosts, version.key)))).toEqual([
      ["env"],
      // Said to all functions alike.
      ["NODE_ENV"],
      "undefined",
      "undefined",
      [],
    ]);
    await hosts.close();
  });

  it("versions are spread over several hosts", async () => {
    const hosts = await startHosts(2);
    const versions = [1, 2].map((n) => versionOf(`{ fetch() { return new Response("${n}"); } }`, {}));
    for (const version of versions) await hosts.load(version);
    for (const [index, version] of versions.entries()) {
      expect(await textOf(await served(hosts, version.key))).toBe(String(index + 1));
    }
    expect(new Set(hosts.pids).size).toBe(2);
    await hosts.close();
  });
});

/** Asks until the version is served: a new host needs a moment. Bounded by attempts, not by time. */
async function served(hosts: HostSet, key: string): Promise<Outcome> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const outcome = await hosts.invoke(invocationOf(key, {}), quietHost([])).outcome;
    if (outcome.kind !== "failed" || (outcome.code !== "HOST_LOST" && outcome.code !== "FUNCTION_UNAVAILABLE")) {
      return outcome;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  throw new Error("The version is not served");
}
