/** What a version says of its snapshot. Pure. */
import type { VersionManifest } from "../../sdk/artifact.ts";
import type { BuildOutcome } from "../builder/builder-pool.ts";
import type { EnvironmentRow, VersionRow } from "../store.ts";
import { takenAfterInitializer } from "./initialize-job.ts";

/** `initializedWith`: what the environment was when the initializer ran for the snapshot; null: it did not, or there is none. */
export type PreparedBuild = Extract<BuildOutcome, { ok: true }> & { readonly initializedWith: EnvironmentRow | null };

export function describeSnapshot(
  { initializedWith, snapshot }: PreparedBuild,
  { wasm }: VersionManifest,
): VersionRow["snapshot"] {
  switch (snapshot.state) {
    case "ready":
      return {
        state: "ready",
        bytes: snapshot.bytes.byteLength,
        reason: initializedWith === null ? "" : takenAfterInitializer,
      };
    case "failed":
      return { state: "failed", bytes: 0, reason: snapshot.reason };
    case "off":
      return { state: "off", bytes: 0, reason: wasm.length > 0 ? noSnapshotOfWasm : notWanted };
  }
}

const notWanted = "not asked for, or not faster for a bundle this small";
const noSnapshotOfWasm = "the version imports WebAssembly, which V8 cannot freeze";
