/** Dependencies as the store has them. */
import type { Digest } from "../../sdk/artifact.ts";
import type { DependencyUse } from "../../sdk/dependency.ts";

export interface DependencyRow {
  readonly name: string;
  /** What clients of FunctionGraph call it. */
  readonly id: string;
  readonly isPublic: boolean;
  /** The largest number that a version got; deleted ones leave it. */
  readonly newest: number;
  readonly createdAt: string;
}

/** Inserted or deleted, never changed. */
export interface DependencyVersionRow {
  readonly dependency: string;
  readonly version: number;
  readonly id: string;
  readonly description: string;
  /** As a client of FunctionGraph named it; empty: none did. */
  readonly runtime: string;
  readonly archive: Digest;
  readonly archiveBytes: number;
  /** Unpacked. */
  readonly bytes: number;
  readonly files: number;
  readonly packages: readonly string[];
  readonly createdAt: string;
}

export interface DependencyView {
  /** By name. */
  list(): Promise<readonly DependencyRow[]>;
  get(name: string): Promise<DependencyRow | null>;
  /** Newest first; of all dependencies, by name, where none is named. */
  versions(name?: string): Promise<readonly DependencyVersionRow[]>;
  version(name: string, version: number): Promise<DependencyVersionRow | null>;
  /** By its id. */
  versionById(id: string): Promise<DependencyVersionRow | null>;
  /** Versions of functions that were built with it, by name; of every version where none is named. At most `limit`. */
  uses(
    name: string,
    options: { readonly version: number | null; readonly limit: number },
  ): Promise<readonly DependencyUse[]>;
  /** Blobs of all versions. */
  listBlobs(): Promise<ReadonlySet<Digest>>;
}

export interface DependencyTable extends DependencyView {
  insert(row: DependencyRow): Promise<void>;
  /** Its number is the newest from now on. */
  insertVersion(row: DependencyVersionRow): Promise<void>;
  deleteVersion(name: string, version: number): Promise<void>;
  /** With its versions. */
  delete(name: string): Promise<void>;
}
