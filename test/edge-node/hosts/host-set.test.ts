import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ensureBaseSnapshot } from "../../../edge-node/hosts/base-snapshot.ts";
import { defaultGuestPath, HostProcess } from "../../../edge-node/hosts/host-process.ts";
import { HostSet } from "../../../edge-node/hosts/host-set.ts";
import { nodeRuntimeEnvironment } from "../../../edge-node/hosts/node-runtime-environment.ts";
import { residentMiB, usedCpuMs } from "../../../edge-node/hosts/process-usage.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import type { Outcome } from "../../../runtime/driver.ts";
import { driverContract } from "../../runtime/driver-contract.ts";
import { invocationOf, quietHost, textOf, versionOf } from "../../runtime/driver-fixtures.ts";

const environment = nodeRuntimeEnvironment((message) => {
  throw new Error(message);
});
const folder = await mkdtemp(join(tmpdir(), "selvage-hosts-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function startHosts(count: number): Promise<HostSet> {
  const process = {
    environment,
    guestPath: defaultGuestPath,
    baseSnapshotPath: await ensureBaseSnapshot({ guestPath: defaultGuestPath, folder }),
    spares: 1,
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
  });
  await hosts.start();
  return hosts;
}

driverContract("HostSet (process driver)", () => startHosts(1));

describe("HostSet", () => {
  it("a host that is killed fails what ran in it with HOST_LOST, and the version is served again by the one that stood by", async () => {
    const hosts = await startHosts(1);
    const version = versionOf(
      `{ async fetch(request) { if (request.url.endsWith("wait")) await new Promise((r) => setTimeout(r, 20000)); return new Response("served"); } }`,
      {},
    );
    await hosts.load(version);
    await hosts.warm(version.key, 1);
    const lost = hosts.invoke(invocationOf(version.key, { url: "http://example.com/wait" }), quietHost([]));
    for (const pid of hosts.pids) process.kill(pid, "SIGKILL");
    expect(await lost.outcome).toMatchObject({ kind: "failed", code: "HOST_LOST" });
    expect(await textOf(await served(hosts, version.key))).toBe("served");
    expect(hosts.deaths).toBe(1);
    await hosts.close();
  });

  it("a bomb that V8 cannot survive ends its host, not this process, and other functions go on", async () => {
    const hosts = await startHosts(1);
    const bomb = versionOf(`{ fetch() { return new Response(String("x".repeat(1 << 28).split("").length)); } }`, {
      cpuMs: 30_000,
      fetchWallMs: 60_000,
    });
    const neighbour = versionOf(`{ fetch() { return new Response("served"); } }`, {});
    await hosts.load(bomb);
    await hosts.load(neighbour);
    const outcome = await hosts.invoke(invocationOf(bomb.key, {}), quietHost([])).outcome;
    expect(outcome).toMatchObject({ kind: "failed" });
    expect(await textOf(await served(hosts, neighbour.key))).toBe("served");
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
