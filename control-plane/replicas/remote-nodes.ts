/**
 * Nodes that are connected to other control planes of the same store: who they are, and asking them by way of theirs.
 *
 * Invariant: of a node that connects here while another control plane still has a connection of it, the newer one stays.
 */
import type { NodeRequest, Replicas } from "./replicas.ts";

/** A connected node, wherever. */
export interface AskableNode {
  readonly node: string;
  /** False: too many questions wait already, or the connection has ended. */
  request(message: NodeRequest): boolean;
}

/** This control plane's own connections. */
export interface OwnNodes {
  findOwn(node: string): AskableNode | null;
  closeOwn(node: string): void;
}

export class RemoteNodes {
  readonly #replicas: Replicas;
  readonly #goneListeners: ((node: string) => void)[] = [];
  /** Node → the control plane it is connected to. */
  #homes: ReadonlyMap<string, string> = new Map();

  constructor(replicas: Replicas) {
    this.#replicas = replicas;
    replicas.onOthersChanged(() => {
      this.#compare();
    });
  }

  /** Passes what others ask on to the nodes connected here. */
  serve(own: OwnNodes): void {
    this.#replicas.onMessage("ask", ({ node, request }) => {
      if (own.findOwn(node)?.request(request) === true) return;
      this.#replicas.answer(request.id, { kind: "not-asked", id: request.id, node });
    });
    this.#replicas.onMessage("disconnect", ({ node }) => {
      own.closeOwn(node);
    });
  }

  names(): readonly string[] {
    return [...this.#homes.keys()];
  }

  find(node: string): AskableNode | null {
    const home = this.#homes.get(node);
    if (home === undefined) return null;
    return {
      node,
      request: (request) => {
        this.#replicas.send([home], { kind: "ask", node, request });
        return true;
      },
    };
  }

  /** `nodes` are connected here now. */
  publish(nodes: readonly string[]): void {
    this.#replicas.publish({ nodes });
  }

  disconnect(node: string): void {
    const home = this.#homes.get(node);
    if (home !== undefined) this.#replicas.send([home], { kind: "disconnect", node });
  }

  /** `listener` learns of each node that no other control plane has any more. */
  onGone(listener: (node: string) => void): void {
    this.#goneListeners.push(listener);
  }

  #compare(): void {
    const before = this.#homes;
    const homes = new Map<string, string>();
    for (const [id, { nodes }] of this.#replicas.others()) for (const node of nodes) homes.set(node, id);
    this.#homes = homes;
    for (const node of before.keys()) {
      if (!homes.has(node)) for (const listener of this.#goneListeners) listener(node);
    }
  }
}
