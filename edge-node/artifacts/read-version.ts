/**
 * Reads one verified version from the disk into what a driver loads.
 *
 * Runs in a front, which trusts the manifest's digest it was given and nothing on the disk: every blob is hashed again as it is read.
 * Invariant: a snapshot is handed on only when its runtime key equals ours; without one the code path runs.
 */
import type { Digest, VersionManifest } from "../../sdk/artifact.ts";
import { parseManifest } from "../../sdk/artifact-format.ts";
import type { Egress } from "../../sdk/egress.ts";
import { formatProblems } from "../../sdk/problem.ts";
import type { RunnableVersion, WasmModule } from "../../runtime/driver.ts";
import type { FrontVersion } from "../ipc.ts";
import { runtimeVariables } from "../../sdk/runtime-variables.ts";
import type { BlobFolder } from "./blob-folder.ts";

export type VersionRead =
  | {
      readonly kind: "found";
      readonly runnable: RunnableVersion;
      readonly sourceMap: Digest | null;
      /** Where it may connect to: the front's to judge, a driver knows no network. */
      readonly egress: Egress;
      /** Optional blobs that have to be fetched again. */
      readonly damaged: readonly Digest[];
    }
  | { readonly kind: "failed"; readonly message: string; readonly damaged: readonly Digest[] };

export interface ReadVersionOptions {
  readonly blobs: BlobFolder;
  readonly runtimeKey: string;
  /** Off: snapshots are not read. */
  readonly snapshots: "on" | "off";
}

/** Throws only what the file system throws. */
export async function readVersion(version: FrontVersion, options: ReadVersionOptions): Promise<VersionRead> {
  const { blobs } = options;
  const manifestRead = await blobs.read(version.manifest);
  if (manifestRead.kind !== "found") return unusable("manifest", manifestRead.kind, version.manifest);
  const parsed = parseManifest(manifestRead.bytes);
  if (!parsed.ok) return { kind: "failed", message: formatProblems(parsed.problems), damaged: [] };
  const manifest = parsed.value;
  const module = await blobs.read(manifest.module.digest);
  if (module.kind !== "found") return unusable("module", module.kind, manifest.module.digest);
  const wasm: WasmModule[] = [];
  for (const { digest } of manifest.wasm) {
    const read = await blobs.read(digest);
    if (read.kind !== "found") return unusable("WebAssembly module", read.kind, digest);
    wasm.push({ digest, bytes: read.bytes });
  }
  const { snapshot, isInitialized, damaged } = await readSnapshot(manifest, options);
  return {
    kind: "found",
    runnable: {
      key: version.key,
      function: version.function,
      version: version.version,
      hooks: manifest.hooks,
      limits: manifest.limits,
      isolation: manifest.isolation,
      allowEval: manifest.allowEval,
      event: manifest.event,
      environment: { ...version.environment, ...runtimeVariables(manifest, version.environment) },
      services: manifest.services,
      code: module.bytes.toString("utf8"),
      snapshot,
      isInitialized,
      wasm,
    },
    sourceMap: manifest.sourceMap?.digest ?? null,
    egress: manifest.egress,
    damaged,
  };
}

interface SnapshotRead {
  readonly snapshot: Uint8Array | null;
  /** It was taken after the initializer ran. */
  readonly isInitialized: boolean;
  readonly damaged: readonly Digest[];
}

async function readSnapshot(
  manifest: VersionManifest,
  { blobs, runtimeKey, snapshots }: ReadVersionOptions,
): Promise<SnapshotRead> {
  const reference = manifest.snapshots.find((snapshot) => snapshot.runtimeKey === runtimeKey);
  if (reference === undefined || snapshots === "off") return { snapshot: null, isInitialized: false, damaged: [] };
  const read = await blobs.read(reference.digest);
  if (read.kind === "found") return { snapshot: read.bytes, isInitialized: reference.initialized, damaged: [] };
  const damaged = read.kind === "damaged" ? [reference.digest] : [];
  return { snapshot: null, isInitialized: false, damaged };
}

function unusable(what: string, state: "missing" | "damaged", digest: Digest): VersionRead {
  return { kind: "failed", message: `the ${what} on this node's disk is ${state}`, damaged: [digest] };
}
