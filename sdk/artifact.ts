/**
 * What publishing produces: blobs named by their SHA-256, and one signed manifest per version that names them.
 *
 * Invariant: a version's manifest never changes; the signature is Ed25519 over the manifest's bytes, and a node runs no
 * byte whose digest and signature it has not checked.
 */
import type { Egress } from "./egress.ts";
import type { EventSettings } from "./event-settings.ts";
import { type Isolation } from "./isolation.ts";
import type { FunctionLimits } from "./limits.ts";
import type { Hook } from "./phase.ts";
import type { Services } from "./service-target.ts";

/** Lower-case hex SHA-256 of a blob, 64 characters. */
export type Digest = string;

export interface BlobReference {
  readonly digest: Digest;
  readonly bytes: number;
}

/** A heap snapshot and the only runtime that may restore it. */
export interface SnapshotReference extends BlobReference {
  /** Equal to `runtimeKey()` of the restoring runtime, or the snapshot is not used. */
  readonly runtimeKey: string;
  /** Taken after the initializer ran, which instances from it do not run again; written only when it was. */
  readonly initialized: boolean;
}

/** The signed description of one version. Serialised with `JSON.stringify`; the digest names those bytes. */
export interface VersionManifest {
  readonly format: 1;
  readonly function: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly hooks: readonly Hook[];
  readonly limits: FunctionLimits;
  /** The bundle: one script that assigns the module's exports to `__selvageModule`. */
  readonly module: BlobReference;
  readonly sourceMap: BlobReference | null;
  readonly snapshots: readonly SnapshotReference[];
  /** WebAssembly modules that the bundle imports by their digests, sorted. Left out of the bytes when there are none. */
  readonly wasm: readonly BlobReference[];
  /** Functions it may call, by their name in `env`; written only when there are any. */
  readonly services: Services;
  /** Written only when it is not the default. */
  readonly isolation: Isolation;
  /** Whether its code may make code of text; written only when it may. */
  readonly allowEval: boolean;
  /** Where it may connect to; written only when it is not the default. */
  readonly egress: Egress;
  /** Which exports are an event function; written only when there is one. */
  readonly event: EventSettings | null;
}

/** A manifest as it travels. */
export interface SignedManifest {
  readonly digest: Digest;
  /** Base64 of the Ed25519 signature over the manifest's bytes. */
  readonly signature: string;
}
