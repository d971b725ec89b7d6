import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FunctionResource, PublishResult, VersionResource } from "../../sdk/api.ts";
import { digestOf, parseManifest } from "../../sdk/artifact-format.ts";
import { SelvageClient } from "../../sdk/client.ts";
import { ControlPlaneProcess } from "./control-plane-process.ts";
import { answering } from "./test-control-plane.ts";

const adminToken = "slv_administrator_of_the_tests";
let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "selvage-crash-"));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const start = (): Promise<ControlPlaneProcess> => ControlPlaneProcess.start(data, { SELVAGE_ADMIN_TOKEN: adminToken });
const clientOf = ({ url }: ControlPlaneProcess): SelvageClient => new SelvageClient({ url, token: adminToken });

function publish(client: SelvageClient, text: string): Promise<PublishResult> {
  return client.publish("hello", {
    source: { kind: "inline", code: answering(text), language: "ts" },
    aliases: ["live"],
    waitSeconds: 0,
  });
}

/** Every blob that a node would need for the version, checked by digest. */
async function readVersion({ url }: ControlPlaneProcess, { digest }: VersionResource): Promise<number> {
  const token = (await readFile(join(data, "node-token"), "utf8")).trim();
  const read = async (name: string): Promise<Uint8Array> => {
    const response = await fetch(`${url}/v1/blobs/${name}`, { headers: { authorization: `Bearer ${token}` } });
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect([response.status, digestOf(bytes)]).toEqual([200, name]);
    return bytes;
  };
  const manifest = parseManifest(await read(digest));
  if (!manifest.ok) throw new Error("the manifest is not valid");
  const { module, sourceMap, snapshots } = manifest.value;
  const references = [module, ...(sourceMap === null ? [] : [sourceMap]), ...snapshots];
  for (const reference of references) await read(reference.digest);
  return references.length;
}

/** What must hold of the store at any time. */
async function expectConsistent(control: ControlPlaneProcess): Promise<readonly VersionResource[]> {
  const client = clientOf(control);
  const hello: FunctionResource = await client.getFunction("hello");
  const versions = await client.listVersions("hello");
  expect(hello.latest).toBe(versions[0]?.version ?? null);
  for (const { version } of hello.aliases) expect(versions.map((row) => row.version)).toContain(version);
  for (const version of versions) expect(await readVersion(control, version)).toBeGreaterThan(0);
  return versions;
}

// Each of these starts several processes, which takes a while on a busy machine.
const patience = { timeout: 120_000 };

describe("kill -9", patience, () => {
  it("right after the answer to a publish loses nothing of it", async () => {
    const first = await start();
    const client = clientOf(first);
    await client.createFunction({ name: "hello" });
    await client.setEnvironment("hello", { variables: { A: "1" }, secrets: { KEY: "kept" } });
    const { version, revision } = await publish(client, "acknowledged");
    await first.kill();
    const second = await start();
    expect(await clientOf(second).getVersion("hello", version.version)).toEqual(version);
    expect((await clientOf(second).getFunction("hello")).aliases[0]?.version).toBe(version.version);
    expect((await clientOf(second).health()).revision).toBe(revision);
    expect((await clientOf(second).getEnvironment("hello")).secrets).toEqual(["KEY"]);
    expect(await readVersion(second, version)).toBeGreaterThan(0);
    await second.kill();
  });

  it("at any moment of a publish leaves either all of a version or nothing", async () => {
    let control = await start();
    await clientOf(control).createFunction({ name: "hello" });
    let acknowledged = 0;
    for (const [round, delayMs] of [5, 60, 120, 180].entries()) {
      const publishing = publish(clientOf(control), `round ${String(round)}`).then(
        () => true,
        () => false,
      );
      await new Promise((resolve) => {
        setTimeout(resolve, delayMs);
      });
      await control.kill();
      if (await publishing) acknowledged++;
      control = await start();
      const versions = await expectConsistent(control);
      expect(versions.length).toBeGreaterThanOrEqual(acknowledged);
    }
    const { version } = await publish(clientOf(control), "afterwards");
    expect((await expectConsistent(control))[0]?.version).toBe(version.version);
    await control.kill();
  });
});

describe("the process", patience, () => {
  it("prints the administrator's token once, and it works", async () => {
    const first = await ControlPlaneProcess.start(data);
    const token = /^Administrator token \(shown once\): (slv_[\w-]{43})\n$/.exec(first.stdout)?.[1] ?? "";
    await new SelvageClient({ url: first.url, token }).listFunctions();
    expect(await first.stop()).toBe(0);
    const second = await ControlPlaneProcess.start(data);
    await new SelvageClient({ url: second.url, token }).listFunctions();
    expect(second.stdout).toBe("");
    await second.stop();
  });

  it("prints nothing when the token was given, and keeps keys and tokens to its owner", async () => {
    const control = await start();
    expect(control.stdout).toBe("");
    for (const name of ["master.key", "node-token"]) {
      expect([name, (await stat(join(data, name))).mode & 0o777]).toEqual([name, 0o600]);
    }
    await control.stop();
  });

  it("ends with 1 and a reason when another one uses the folder", async () => {
    const control = await start();
    await expect(start()).rejects.toThrow(/ended with 1: .*another process has it open/s);
    await control.stop();
  });

  it("ends with 1 and a reason when its master key is gone", async () => {
    const control = await start();
    await control.stop();
    await rm(join(data, "master.key"));
    await expect(start()).rejects.toThrow(/ended with 1: .*the master key is missing/s);
  });

  it("ends with 2 and every problem when its settings are not valid", async () => {
    const bad = { SELVAGE_CONTROL_PLANE_PORT: "8700", SELVAGE_ADMIN_TOKEN: "short", SELVAGE_LOG_LEVEL: "loud" };
    const failed = ControlPlaneProcess.start(data, bad);
    await expect(failed).rejects.toThrow(
      /ended with 2: .*SELVAGE_ADMIN_TOKEN: received \(not shown\).*SELVAGE_LOG_LEVEL: received "loud"/s,
    );
  });
});
