/**
 * What nodes say of their calls: to this control plane's dispatcher, or on to the control plane that the node is connected to.
 *
 * Behind one address a node's result may arrive at another control plane than the one that handed the call out. A result that is lost on its way is
 * that of a call that is run again.
 */
import type { CallResult } from "../../sdk/calls.ts";
import type { Replicas } from "../replicas/replicas.ts";
import type { CallDispatcher } from "./call-dispatcher.ts";

export class CallResultsIntake {
  readonly #dispatcher: Pick<CallDispatcher, "settle">;
  readonly #replicas: Replicas;

  constructor(dispatcher: Pick<CallDispatcher, "settle">, replicas: Replicas) {
    this.#dispatcher = dispatcher;
    this.#replicas = replicas;
    replicas.onMessage("called", ({ results }) => {
      dispatcher.settle(results);
    });
  }

  /** Those that nobody awaits any more are dropped. */
  take(node: string, results: readonly CallResult[]): void {
    const unknown = this.#dispatcher.settle(results);
    if (unknown.length === 0) return;
    const homes = [...this.#replicas.others()].flatMap(([id, { nodes }]) => (nodes.includes(node) ? [id] : []));
    this.#replicas.send(homes, { kind: "called", results: unknown });
  }
}
