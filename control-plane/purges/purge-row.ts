/** Purges and who did them, as the store has them. */
import type { PurgeMode, PurgeTarget } from "../../sdk/purge.ts";

export interface NewPurge {
  readonly id: string;
  readonly createdAt: string;
  readonly mode: PurgeMode;
  readonly targets: readonly PurgeTarget[];
}
export interface PurgeRow extends NewPurge {
  /** Grows by one with every purge. */
  readonly sequence: number;
}
export interface PurgeAckRow {
  readonly node: string;
  readonly sequence: number;
  readonly applyMs: number;
  readonly ackedAt: string;
}
export interface PurgeView {
  latest(): Promise<PurgeRow | null>;
  get(id: string): Promise<PurgeRow | null>;
  at(sequence: number): Promise<PurgeRow | null>;
  /** Those kept whose number is larger, in order. */
  after(sequence: number): Promise<readonly PurgeRow[]>;
  /** Newest first. */
  list(limit: number): Promise<readonly PurgeRow[]>;
  /** Of each node the first acknowledgement of `sequence` or a later one. */
  acksSince(sequence: number): Promise<readonly PurgeAckRow[]>;
}
export interface PurgeTable extends PurgeView {
  /** One more than the latest. Those before the newest `purgeLimits.keptMax` are forgotten. */
  add(purge: NewPurge): Promise<PurgeRow>;
  /** Of a repeated one the first stays. Keeps `purgeLimits.acksPerNodeMax` per node. */
  acknowledge(ack: PurgeAckRow): Promise<void>;
}
