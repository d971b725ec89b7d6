/** Reserved instances as the store keeps them. */
import type { ReservedConfig } from "../../sdk/reserved.ts";

export interface ReservedRow {
  readonly function: string;
  /** A version, an alias, or `latest`. */
  readonly qualifier: string;
  readonly config: ReservedConfig;
  /** What it guarantees on each node at most, not less than 1, and the memory of these as the version was when it was set: what quotas count. */
  readonly instances: number;
  readonly memoryMiB: number;
  readonly updatedAt: string;
}

export interface NewReserved extends ReservedRow {
  /** What the qualifier is the name of: the row goes when that goes. `function`: it is `latest`. */
  readonly names: "alias" | "version" | "function";
}

export interface ReservedView {
  /** Of one function, by qualifier. */
  list(functionName: string): Promise<readonly ReservedRow[]>;
  /** By function, then by qualifier. */
  listAll(): Promise<readonly ReservedRow[]>;
}

export interface ReservedTable extends ReservedView {
  /** Inserts or replaces. Function, and alias or version, exist. */
  put(row: NewReserved): Promise<void>;
  /** Whether there was one. */
  delete(functionName: string, qualifier: string): Promise<boolean>;
}
