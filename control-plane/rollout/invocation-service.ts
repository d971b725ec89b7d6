/**
 * Invocations by REST: each is sent to one connected node over its stream, in turn, and its result awaited.
 *
 * Invariant: every invocation ends, by its result, by the end of the node's connection, or at its deadline; a result that nobody
 * awaits any more is dropped.
 */
import type { InvokeMessage, InvokeResult } from "../../sdk/desired-state.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import { ControlError } from "../control-error.ts";
import type { Fleet } from "./fleet.ts";

/** Invocations awaited at once. */
const invocationsMax = 1_000;

export interface InvocationServiceOptions {
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly uniqueId: () => string;
}

interface Pending {
  readonly node: string;
  readonly startedMs: number;
  readonly resolve: (result: InvokeResult) => void;
  readonly cancelTimeout: CancelTimer;
}

export class InvocationService {
  readonly #options: InvocationServiceOptions;
  readonly #pending = new Map<string, Pending>();

  constructor(options: InvocationServiceOptions) {
    this.#options = options;
    options.fleet.onDisconnected((node) => {
      for (const [id, pending] of this.#pending) {
        if (pending.node === node) this.#fail(id, "HOST_LOST", `The connection to node "${node}" ended.`);
      }
    });
  }

  /**
   * The result, or a failed outcome after `timeoutMs` or when the node goes away.
   * @throws ControlError NO_NODE, NODE_OVERLOADED.
   */
  invoke(
    message: Omit<InvokeMessage, "kind" | "id">,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<InvokeResult> {
    const { fleet, clock, uniqueId } = this.#options;
    if (this.#pending.size >= invocationsMax) throw new ControlError("NODE_OVERLOADED");
    const stream = fleet.next();
    if (stream === null) throw new ControlError("NO_NODE");
    const id = uniqueId();
    if (!stream.request({ kind: "invoke", id, ...message })) throw new ControlError("NODE_OVERLOADED");
    const { promise, resolve } = Promise.withResolvers<InvokeResult>();
    const cancelTimeout = clock.after(timeoutMs, () => {
      const waited = `Node "${stream.node}" did not answer within ${String(timeoutMs)} ms.`;
      this.#fail(id, "FUNCTION_WALL_LIMIT", waited);
    });
    this.#pending.set(id, { node: stream.node, startedMs: clock.monotonicMs(), resolve, cancelTimeout });
    return promise;
  }

  /** A node's answer. False: nobody awaits it. */
  settle(result: InvokeResult): boolean {
    const pending = this.#pending.get(result.id);
    if (pending === undefined) return false;
    this.#pending.delete(result.id);
    pending.cancelTimeout();
    pending.resolve(result);
    return true;
  }

  /** Everything awaited fails now. */
  close(): void {
    for (const id of this.#pending.keys()) this.#fail(id, "NODE_DRAINING", "The control plane is shutting down.");
  }

  #fail(id: string, code: ErrorCode, message: string): void {
    const startedMs = this.#pending.get(id)?.startedMs ?? 0;
    const durationMs = this.#options.clock.monotonicMs() - startedMs;
    this.settle({ id, outcome: { kind: "failed", code, message }, durationMs, logs: [] });
  }
}
