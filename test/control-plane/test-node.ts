/** A node as the control plane sees it: registers, opens its stream, reads messages and reports back over real HTTP. */
import type { CallMessage } from "../../sdk/calls.ts";
import type { NodeAck, StreamMessage } from "../../sdk/desired-state.ts";
import type { PreheatMessage, PurgesMessage } from "../../sdk/purge.ts";
import type { TestControlPlane } from "./test-control-plane.ts";

export type StateMessage = Extract<StreamMessage, { kind: "state" }>;
export type InvokeStreamMessage = Extract<StreamMessage, { kind: "invoke" }>;

/** What a node connects to. */
export interface NodeHome extends Pick<TestControlPlane, "url" | "ok"> {
  nodeToken?(): Promise<string>;
}

export class TestNode {
  readonly name: string;
  readonly #control: NodeHome;
  readonly #token: string;
  readonly #abort = new AbortController();
  readonly #messages: AsyncGenerator<StreamMessage>;

  private constructor(
    control: NodeHome,
    options: {
      readonly name: string;
      readonly token: string;
      readonly response: Response;
      readonly abort: AbortController;
    },
  ) {
    this.#control = control;
    this.name = options.name;
    this.#token = options.token;
    this.#abort = options.abort;
    this.#messages = readMessages(options.response);
  }

  /** `purges`: the purge it took last, as `SEQUENCE.ID`; without it the node does not know of purges. */
  static async connect(
    control: NodeHome,
    name: string,
    options: { readonly token?: string; readonly purges?: string } = {},
  ): Promise<TestNode> {
    const nodeToken = options.token ?? (await control.nodeToken?.()) ?? "";
    const purges = options.purges === undefined ? "" : `&purges=${options.purges}`;
    await control.ok("POST /v1/nodes", { token: nodeToken, body: registration(name) });
    const abort = new AbortController();
    const response = await fetch(`${control.url}/v1/nodes/stream?node=${name}${purges}`, {
      headers: { authorization: `Bearer ${nodeToken}` },
      signal: abort.signal,
    });
    if (!response.ok) throw new Error(`the stream answered ${String(response.status)}`);
    return new TestNode(control, { name, token: nodeToken, response, abort });
  }

  /** The next message that is not a heartbeat; null: the stream ended. */
  async next(): Promise<Exclude<StreamMessage, { kind: "heartbeat" }> | null> {
    for (;;) {
      const { done, value } = await this.#messages.next();
      if (done === true) return null;
      if (value.kind !== "heartbeat") return value;
    }
  }

  async nextState(): Promise<StateMessage["state"]> {
    const message = await this.next();
    if (message?.kind !== "state") throw new Error(`received ${String(message?.kind)}, expected a state`);
    return message.state;
  }

  async nextInvoke(): Promise<InvokeStreamMessage> {
    const message = await this.next();
    if (message?.kind !== "invoke") throw new Error(`received ${String(message?.kind)}, expected an invoke`);
    return message;
  }

  /** The next message with calls. */
  async nextCalls(): Promise<readonly CallMessage[]> {
    for (;;) {
      const message = await this.next();
      if (message?.kind === "calls") return message.calls;
      if (message === null) throw new Error("the stream ended, expected calls");
    }
  }

  async nextPurges(): Promise<PurgesMessage> {
    for (;;) {
      const message = await this.next();
      if (message?.kind === "purges") return message;
      if (message?.kind !== "state") throw new Error(`received ${String(message?.kind)}, expected purges`);
    }
  }

  /** The next message that purges `url`. */
  async nextPurgesWith(url: string): Promise<PurgesMessage> {
    for (;;) {
      const message = await this.nextPurges();
      const targets = message.purges.flatMap((purge) => purge.targets);
      if (targets.some((target) => target.kind === "url" && target.url === url)) return message;
    }
  }

  async nextPreheat(): Promise<PreheatMessage> {
    for (;;) {
      const message = await this.next();
      if (message?.kind === "preheat") return message;
      if (message === null) throw new Error("the stream ended, expected a preheat");
    }
  }

  ack(revision: number, failures: NodeAck["failures"] = []): Promise<unknown> {
    const body: NodeAck = { node: this.name, revision, applyMs: 1, failures };
    return this.post("/v1/nodes/acks", body);
  }

  post(path: `/${string}`, body: unknown): Promise<unknown> {
    return this.#control.ok(`POST ${path}`, { token: this.#token, body });
  }

  disconnect(): void {
    this.#abort.abort();
  }
}

export function registration(name: string): object {
  return { name, selvageVersion: "0.1.0", nodeVersion: "v24.0.0", runtimeKey: "13.6-x64", driver: "process" };
}

async function* readMessages(response: Response): AsyncGenerator<StreamMessage> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line) as StreamMessage;
    }
  } catch {
    // The connection ended; so does the stream of messages.
  }
}
