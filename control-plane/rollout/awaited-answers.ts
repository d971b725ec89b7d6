/**
 * Questions to connected nodes whose answers come later by REST, matched by id.
 *
 * Knows neither what is asked nor what answers hold. Invariant: every wait ends, by its answer, by the end of the node's connection, or at its
 * deadline; an answer that nobody awaits any more is dropped.
 */
import type { CancelTimer, Clock } from "../clock.ts";
import { ControlError } from "../control-error.ts";
import type { Fleet } from "./fleet.ts";
import type { AskableNode } from "../replicas/remote-nodes.ts";
import { loneReplica, type NodeRequest, type Replicas } from "../replicas/replicas.ts";

/** Why no answer came. */
export interface Unanswered {
  readonly id: string;
  readonly kind: "lost" | "late" | "closing";
  readonly message: string;
  /** Since it was asked. */
  readonly durationMs: number;
}

export interface AwaitedAnswersOptions<T> {
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** Names the control plane that asks, where there are others. */
  readonly uniqueId: () => string;
  /** Default: there are none. */
  readonly replicas?: Replicas;
  /** Questions awaited at once. */
  readonly waitsMax: number;
  /** What the asker gets instead of an answer. */
  readonly unanswered: (reason: Unanswered) => T;
}

interface Pending<T> {
  readonly node: string;
  readonly startedMs: number;
  readonly resolve: (answer: T) => void;
  readonly cancelTimeout: CancelTimer;
}

export class AwaitedAnswers<T extends { readonly id: string }> {
  readonly #options: AwaitedAnswersOptions<T>;
  readonly #pending = new Map<string, Pending<T>>();

  constructor(options: AwaitedAnswersOptions<T>) {
    this.#options = options;
    (options.replicas ?? loneReplica).onMessage("not-asked", ({ id, node }) => {
      this.#fail(id, "lost", `Node "${node}" is connected to another control plane and could not be asked.`);
    });
    options.fleet.onDisconnected((node) => {
      for (const [id, pending] of this.#pending) {
        if (pending.node === node) this.#fail(id, "lost", `The connection to node "${node}" ended.`);
      }
    });
  }

  /**
   * Asks one node; `stream` null: none is connected.
   * @throws ControlError NO_NODE, NODE_OVERLOADED.
   */
  ask(
    stream: AskableNode | null,
    { question, timeoutMs }: { readonly question: (id: string) => NodeRequest; readonly timeoutMs: number },
  ): Promise<T> {
    const { clock, uniqueId, waitsMax } = this.#options;
    if (this.#pending.size >= waitsMax) throw new ControlError("NODE_OVERLOADED");
    if (stream === null) throw new ControlError("NO_NODE");
    const id = uniqueId();
    if (!stream.request(question(id))) throw new ControlError("NODE_OVERLOADED");
    const { promise, resolve } = Promise.withResolvers<T>();
    const cancelTimeout = clock.after(timeoutMs, () => {
      this.#fail(id, "late", `Node "${stream.node}" did not answer within ${String(timeoutMs)} ms.`);
    });
    this.#pending.set(id, { node: stream.node, startedMs: clock.monotonicMs(), resolve, cancelTimeout });
    return promise;
  }

  /** A node's answer. False: nobody awaits it. */
  settle(answer: T): boolean {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return false;
    this.#pending.delete(answer.id);
    pending.cancelTimeout();
    pending.resolve(answer);
    return true;
  }

  /** Everything awaited ends now. */
  close(): void {
    for (const id of this.#pending.keys()) this.#fail(id, "closing", "The control plane is shutting down.");
  }

  #fail(id: string, kind: Unanswered["kind"], message: string): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    const { startedMs } = pending;
    const durationMs = this.#options.clock.monotonicMs() - startedMs;
    this.settle(this.#options.unanswered({ id, kind, message, durationMs }));
  }
}
