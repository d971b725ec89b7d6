import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { BlobFolder } from "../../../edge-node/artifacts/blob-folder.ts";
import { VersionPreparer, type PreparedState } from "../../../edge-node/artifacts/prepare-versions.ts";
import { ControlClient } from "../../../edge-node/control/control-client.ts";
import { systemClock } from "../../../edge-node/clock.ts";
import type { Digest } from "../../../sdk/artifact.ts";
import type { DesiredState, DomainState, VersionState } from "../../../sdk/desired-state.ts";
import { parseDomain } from "../../../sdk/domain-parser.ts";
import { mapDomainSecrets, sealDomainSecret } from "../../../sdk/domain-secrets.ts";
import { parsedValue } from "../../sdk/expect-problems.ts";
import { addModule } from "../../runtime/wasm-assembler.ts";
import { ControlPlaneDouble, type BlobAnswer } from "../support/control-plane-double.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { Signer, type Release } from "../support/signed-release.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Setup {
  readonly signer: Signer;
  readonly control: ControlPlaneDouble;
  readonly logger: RecordingLogger;
  readonly blobs: BlobFolder;
  readonly folder: string;
  readonly prepare: (state: DesiredState, offline?: "offline") => Promise<PreparedState>;
  readonly preparer: VersionPreparer;
  /** A preparer that remembers nothing, as after a restart. */
  readonly restart: () => Setup["prepare"];
}

async function setUp(): Promise<Setup> {
  const signer = new Signer();
  const control = await new ControlPlaneDouble().start();
  const folder = await temporaryFolder();
  const logger = new RecordingLogger();
  const client = new ControlClient({ url: control.url, token: "token", node: "node-1" });
  onTestFinished(() => client.close());
  const blobs = new BlobFolder(folder, { clock: systemClock });
  const open = (): VersionPreparer =>
    new VersionPreparer({ blobs, token: "token", clock: systemClock, random: () => 0, logger });
  const prepareWith =
    (preparer: VersionPreparer): Setup["prepare"] =>
    (state, offline) => {
      for (const [digest, bytes] of signer.blobs) control.blobs.set(digest, bytes);
      const source = offline === undefined ? client : null;
      return preparer.prepare(state, { source, runtimeKey: "ours", signal: new AbortController().signal });
    };
  const preparer = open();
  const prepare = prepareWith(preparer);
  return { signer, control, logger, blobs, folder, preparer, prepare, restart: () => prepareWith(open()) };
}

function fileOf(folder: string, digest: Digest): string {
  return path.join(folder, digest.slice(0, 2), digest);
}

const corrupted: BlobAnswer = (bytes, response) => {
  response.writeHead(200, { "content-length": bytes.byteLength }).end(Buffer.alloc(bytes.byteLength, 120));
};
const truncated: BlobAnswer = (bytes, response) => {
  response.writeHead(200, { "content-length": bytes.byteLength });
  response.write(bytes.subarray(0, bytes.byteLength - 1), () => response.destroy());
};
const tooLong: BlobAnswer = (bytes, response) => {
  response.writeHead(200).end(Buffer.concat([bytes, Buffer.from("more")]));
};
const failing: BlobAnswer = (_bytes, response: ServerResponse) => {
  response.writeHead(503).end();
};

/** A change that makes a release's manifest or its place in the state wrong. */
function withVersion(release: Release, change: Partial<VersionState>): Release {
  return { ...release, state: { ...release.state, ...change } };
}

describe("VersionPreparer and the wire", () => {
  it("fetches manifest, module, source map and the snapshot for this runtime only, each once", async () => {
    const { signer, control, prepare } = await setUp();
    const release = signer.release({
      sourceMap: "{}",
      snapshots: [
        { runtimeKey: "ours", bytes: "snapshot" },
        { runtimeKey: "theirs", bytes: "other snapshot" },
      ],
    });
    const { state, digests } = await prepare(signer.state(1, [release]));
    const { module, sourceMap, snapshots } = release.manifest;
    const wanted = [release.state.digest, module.digest, sourceMap?.digest, snapshots[0]?.digest];
    expect(new Set(control.blobRequests)).toEqual(new Set(wanted));
    expect(control.blobRequests).toHaveLength(wanted.length);
    expect([...digests]).toEqual(wanted);
    expect(state.failures).toEqual([]);
    await prepare(signer.state(2, [release]));
    expect(control.blobRequests).toHaveLength(4);
  });

  it.each([
    ["corrupted", corrupted],
    ["truncated", truncated],
    ["too long", tooLong],
    ["a 503", failing],
  ])("asks again when the answer was %s", async (_name, answer) => {
    const { signer, control, prepare } = await setUp();
    const release = signer.release();
    control.blobAnswers.set(release.state.digest, [answer]);
    control.blobAnswers.set(release.manifest.module.digest, [answer, answer]);
    const { state } = await prepare(signer.state(1, [release]));
    expect(state.failures).toEqual([]);
    expect(control.blobRequests).toHaveLength(5);
  });

  it("refuses a version whose bytes stay wrong after 4 attempts, and readies the others", async () => {
    const { signer, control, prepare } = await setUp();
    const [bad, good] = [
      signer.release({ function: "bad", code: "1" }),
      signer.release({ function: "good", code: "2" }),
    ];
    control.blobAnswers.set(
      bad.manifest.module.digest,
      Array.from({ length: 9 }, () => corrupted),
    );
    const { state } = await prepare(signer.state(1, [bad, good]));
    expect(state.versions.map((version) => version.function)).toEqual(["good"]);
    expect(state.failures).toMatchObject([{ function: "bad", version: "v1", code: "FUNCTION_LOAD_FAILED" }]);
    expect(control.blobRequests.filter((digest) => digest === bad.manifest.module.digest)).toHaveLength(4);
  });

  it("fetches the WebAssembly that a version imports, and refuses the version without it", async () => {
    const { signer, control, prepare } = await setUp();
    const release = signer.release({ wasm: [addModule] });
    const { digests } = await prepare(signer.state(1, [release]));
    const digest = release.manifest.wasm[0]?.digest ?? "";
    expect(control.blobRequests).toContain(digest);
    expect(digests).toContain(digest);
    const other = signer.release({ version: "v2", wasm: [Buffer.from("no longer there")] });
    signer.blobs.delete(other.manifest.wasm[0]?.digest ?? "");
    const { state } = await prepare(signer.state(2, [other]));
    expect(state.versions).toEqual([]);
    expect(state.failures).toMatchObject([{ function: "hello", version: "v2", code: "FUNCTION_LOAD_FAILED" }]);
  });

  it("refuses a version whose module the control plane does not have", async () => {
    const { signer, control, prepare } = await setUp();
    const release = signer.release();
    const { digest } = release.manifest.module;
    signer.blobs.delete(digest);
    const { state } = await prepare(signer.state(1, [release]));
    expect(state.failures).toHaveLength(1);
    expect(control.blobRequests.filter((asked) => asked === digest)).toHaveLength(1);
  });

  it("goes on without a source map that cannot be had", async () => {
    const { signer, logger, prepare } = await setUp();
    const release = signer.release({ sourceMap: "{}" });
    signer.blobs.delete(release.manifest.sourceMap?.digest ?? "");
    const { state } = await prepare(signer.state(1, [release]));
    expect(state.versions).toHaveLength(1);
    expect(logger.count("blob.optional.missing")).toBe(1);
  });

  it("throws when the control plane is away, so that the node keeps the state it has", async () => {
    const { signer, control, prepare } = await setUp();
    await control.stop();
    await expect(prepare(signer.state(1, [signer.release()]))).rejects.toMatchObject({ reason: "unreachable" });
  });
});

describe("VersionPreparer and signatures", () => {
  const stranger = new Signer();

  it.each<[string, (signer: Signer) => Release]>([
    [
      "signed by another key",
      (signer) => withVersion(signer.release(), { signature: stranger.release().state.signature }),
    ],
    ["not signed", (signer) => withVersion(signer.release(), { signature: "" })],
    ["of another version of the function", (signer) => withVersion(signer.release(), { version: "v2" })],
    ["of another function", (signer) => ({ ...signer.release(), function: "other" })],
    [
      "another one than was signed",
      (signer) => withVersion(signer.release(), { digest: signer.release({ version: "v2" }).state.digest }),
    ],
    [
      "no manifest at all",
      (signer) => withVersion(signer.release(), { digest: signer.release().manifest.module.digest }),
    ],
  ])("refuses a manifest that is %s, and loads nothing of it", async (_name, forge) => {
    const { signer, prepare } = await setUp();
    const { state, digests } = await prepare(signer.state(1, [forge(signer)]));
    expect(state.versions).toEqual([]);
    expect(state.failures).toHaveLength(1);
    expect(digests.size).toBe(0);
  });
});

describe("VersionPreparer and the disk", () => {
  it("prepares from the disk alone after a restart", async () => {
    const { signer, control, prepare, restart } = await setUp();
    const state = signer.state(1, [signer.release({ snapshots: [{ runtimeKey: "ours", bytes: "s" }] })]);
    const online = await prepare(state);
    const asked = control.blobRequests.length;
    expect(await restart()(state, "offline")).toEqual(online);
    expect(control.blobRequests).toHaveLength(asked);
  });

  it("offline refuses only the versions that miss something", async () => {
    const { signer, prepare, blobs, restart } = await setUp();
    const releases = [signer.release({ function: "here", code: "1" }), signer.release({ function: "gone", code: "2" })];
    const state = signer.state(1, releases);
    await prepare(state);
    await blobs.remove(releases[1]?.manifest.module.digest ?? "");
    const { state: prepared } = await restart()(state, "offline");
    expect(prepared.versions.map((version) => version.function)).toEqual(["here"]);
    expect(prepared.failures.map((failure) => failure.function)).toEqual(["gone"]);
  });

  it.each([
    ["damaged", "x"],
    ["cut to nothing", ""],
  ])("fetches a manifest anew that is %s on the disk", async (_name, content) => {
    const { signer, folder, prepare, restart } = await setUp();
    const release = signer.release();
    const state = signer.state(1, [release]);
    await prepare(state);
    await writeFile(fileOf(folder, release.state.digest), content);
    expect((await restart()(state)).state.failures).toEqual([]);
  });

  it("discard() makes the next prepare() fetch a damaged module anew", async () => {
    const { signer, folder, blobs, preparer, prepare } = await setUp();
    const release = signer.release();
    const { digest } = release.manifest.module;
    const state = signer.state(1, [release]);
    await prepare(state);
    await writeFile(fileOf(folder, digest), "x".repeat(release.manifest.module.bytes));
    expect(await blobs.read(digest)).toEqual({ kind: "damaged" });
    await preparer.discard([digest]);
    await prepare(state);
    expect((await blobs.read(digest)).kind).toBe("found");
  });
});

describe("VersionPreparer and secrets", () => {
  it("opens them with the node's token and hands on no sealed text", async () => {
    const { signer, prepare } = await setUp();
    const release = signer.release({ variables: { A: "1", B: "plain" }, secrets: { B: "secret" } });
    const { state } = await prepare(signer.state(1, [release]));
    expect(state.versions[0]?.environment).toEqual({ A: "1", B: "secret" });
    expect(state.state.functions[0]?.versions[0]?.sealedSecrets).toBeNull();
  });

  it("refuses a version whose secrets were sealed for another token", async () => {
    const { signer, prepare } = await setUp();
    const release = signer.release({ secrets: { B: "secret" }, nodeToken: "another" });
    const { state } = await prepare(signer.state(1, [release]));
    expect(state.versions).toEqual([]);
    expect(state.failures[0]?.message).toContain("token");
  });

  it("opens keys of domains, and leaves those of another node as texts that sign nothing", async () => {
    const { signer, prepare, logger } = await setUp();
    const key = "abcdefgh12345678";
    const domainFor = (token: string): DomainState => {
      const input = { url_auth: { status: "on", type: "type_a", key } };
      const config = parsedValue(parseDomain(input, `${token}.example.com`));
      return { config: mapDomainSecrets(config, (secret) => sealDomainSecret(secret, token)), rules: [] };
    };
    const { state } = await prepare(signer.state(1, [], [domainFor("token"), domainFor("another")]));
    const keys = state.state.domains.map(({ config }) => config.url_auth?.key);
    expect(keys).toEqual([key, expect.stringMatching(/^sealed1\./)]);
    expect(JSON.stringify(logger.lines)).toContain("domain.secrets.closed");
  });

  it("gives equal keys for equal versions, however often they are sealed, and others for another environment", async () => {
    const { signer, prepare } = await setUp();
    const keyOf = async (secrets: Record<string, string>): Promise<string | undefined> => {
      const prepared = await prepare(signer.state(1, [signer.release({ secrets })]));
      return prepared.state.versions[0]?.key;
    };
    const key = await keyOf({ A: "1", B: "2" });
    expect(await keyOf({ B: "2", A: "1" })).toBe(key);
    expect(await keyOf({ A: "1", B: "3" })).not.toBe(key);
  });
});
