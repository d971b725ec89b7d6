/**
 * The other control planes on the same store, as the rest of this one sees them: what they say of themselves, and messages to and from them.
 *
 * A message may be lost (with the database or its receiver): whoever needs an answer has a deadline, and what must become true is looked up as well. A control plane with a store of its own has no
 * others (`loneReplica`).
 */
import type { CallResult } from "../../sdk/calls.ts";
import type { InvokeMessage, InvokeResult, LogRecord } from "../../sdk/desired-state.ts";
import type { ExplainMessage, ExplainReport } from "../../sdk/explain.ts";
import type { PreheatMessage, PreheatReport } from "../../sdk/purge.ts";
import type { LogFilter } from "../logs/log-buffer.ts";

/** What a control plane says of itself. */
export interface ReplicaFacts {
  /** Names of the nodes that are connected to it. */
  readonly nodes: readonly string[];
  /** Somebody there reads logs as they come. */
  readonly followsLogs: boolean;
}

/** What a connected node can be asked. */
export type NodeRequest = ExplainMessage | InvokeMessage | PreheatMessage;

export type ReplicaMessage =
  /** Pass this on to a node of yours. */
  | { readonly kind: "ask"; readonly node: string; readonly request: NodeRequest }
  /** The node could not be asked: it is gone, or too much waits for it. */
  | { readonly kind: "not-asked"; readonly id: string; readonly node: string }
  | { readonly kind: "invoked"; readonly result: InvokeResult }
  /** What came of asynchronous calls that the receiver handed to a node of its own. */
  | { readonly kind: "called"; readonly results: readonly CallResult[] }
  | { readonly kind: "explained"; readonly report: ExplainReport }
  | { readonly kind: "preheated"; readonly report: PreheatReport }
  /** The node is connected elsewhere now, or forgotten. */
  | { readonly kind: "disconnect"; readonly node: string }
  | { readonly kind: "token-revoked"; readonly tokenId: string }
  | { readonly kind: "logs-wanted"; readonly id: string; readonly filter: LogFilter; readonly limit: number }
  | { readonly kind: "log-page"; readonly id: string; readonly records: readonly LogRecord[] }
  /** For those who follow. */
  | { readonly kind: "log-lines"; readonly records: readonly LogRecord[] };

export type MessageOf<K extends ReplicaMessage["kind"]> = Extract<ReplicaMessage, { readonly kind: K }>;

export interface Replicas {
  /** Those alive, by id. */
  others(): ReadonlyMap<string, ReplicaFacts>;
  /** Replaces what this one says of itself. */
  publish(facts: Partial<ReplicaFacts>): void;
  send(targets: readonly string[], message: ReplicaMessage): void;
  /** To the control plane that asked under `id`. False: it was this one, or is none that is alive. */
  answer(id: string, message: ReplicaMessage): boolean;
  onMessage<K extends ReplicaMessage["kind"]>(kind: K, listener: (message: MessageOf<K>) => void): void;
  /** `listener` learns of each change of `others`. */
  onOthersChanged(listener: () => void): void;
}

/** There are no others. */
export const loneReplica: Replicas = {
  others: () => new Map(),
  publish: () => {},
  send: () => {},
  answer: () => false,
  onMessage: () => {},
  onOthersChanged: () => {},
};

const separator = "~";

/** An id for a question of the replica `replicaId`, so that its answer finds back from wherever it arrives. */
export function questionId(replicaId: string, uniqueId: string): string {
  return `${replicaId}${separator}${uniqueId}`;
}

/** The replica that asked under `id`; null: no such id. */
export function askerOf(id: string): string | null {
  const end = id.indexOf(separator);
  return end < 0 ? null : id.slice(0, end);
}
