/** Short words for tests of asynchronous calls over REST: a control plane, and a node as the control plane sees it. */
import { waitFor } from "../../bench/harness/wait-for.ts";
import type { NodeResource } from "../../sdk/api.ts";
import type { CallAccepted, CallMessage, CallPage, CallResource, CallResult } from "../../sdk/calls.ts";
import { answering, TestControlPlane } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

type Answered = Extract<CallResult["outcome"], { kind: "answered" }>;

export class CallSteps {
  readonly control: TestControlPlane;
  #node: TestNode | null = null;

  private constructor(control: TestControlPlane) {
    this.control = control;
  }

  /** With the event functions f and g in version v1, and hooks, which is none. */
  static async start(): Promise<CallSteps> {
    const control = await TestControlPlane.start();
    const handler = "exports.handler = async (event, context) => event;";
    for (const name of ["f", "g"]) await control.publish(name, handler, { event: {}, version: "v1" });
    await control.publish("hooks", answering("hi"));
    return new CallSteps(control);
  }

  get node(): TestNode {
    if (this.#node === null) throw new Error("no node is connected");
    return this.#node;
  }

  async connect(name = "n1"): Promise<void> {
    this.#node = await TestNode.connect(this.control, name);
  }

  /** Nothing is under way any more, and no node there. */
  async reset(): Promise<void> {
    this.node.disconnect();
    for (const { state, requestId } of (await this.page("limit=1000")).calls) {
      if (state === "wait" || state === "running") await this.control.call(`POST /v1/calls/${requestId}/cancel`);
    }
  }

  page(query: string): Promise<CallPage> {
    return this.control.ok<CallPage>(`GET /v1/calls?${query}`);
  }

  get(id: string): Promise<CallResource> {
    return this.control.ok<CallResource>(`GET /v1/calls/${id}`);
  }

  /** Its request id. */
  async accept(name: string, event: unknown, { qualifier }: { readonly qualifier?: string } = {}): Promise<string> {
    const body = { event, async: true, ...(qualifier === undefined ? {} : { qualifier }) };
    const answer = await this.control.call<CallAccepted>(`POST /v1/functions/${name}/invocations`, { body });
    if (answer.status !== 202) throw new Error(`the call was answered ${JSON.stringify(answer)}`);
    return answer.body.requestId;
  }

  report(results: readonly CallResult[], by: TestNode = this.node): Promise<unknown> {
    return by.post("/v1/nodes/call-results", { node: by.name, results });
  }

  /** The call with this id when a node is handed it. */
  async handed(id: string, to: TestNode = this.node): Promise<CallMessage> {
    for (;;) {
      const found = (await to.nextCalls()).find((call) => call.id === id);
      if (found !== undefined) return found;
    }
  }

  /** The call once it is in this state. */
  whenState(id: string, state: CallResource["state"]): Promise<CallResource> {
    const look = async (): Promise<CallResource | null> => {
      const call = await this.get(id);
      return call.state === state ? call : null;
    };
    return waitFor(look, { what: `call ${id} to be in state ${state}`, ...patience });
  }

  async noneConnected(): Promise<void> {
    const look = async (): Promise<true | null> => {
      const { nodes } = await this.control.ok<{ nodes: NodeResource[] }>("GET /v1/nodes");
      return nodes.some(({ connected }) => connected) ? null : true;
    };
    await waitFor(look, { what: "the end of every node's connection", ...patience });
  }
}

const patience = { deadlineMs: 60_000, everyMs: 20 };

export function result(id: string, outcome: Partial<Answered> = {}): CallResult {
  const answered = { kind: "answered", status: 200, eventCode: 0, isFunctionError: false, text: '"done"' } as const;
  return { id, durationMs: 3, outcome: { ...answered, ...outcome } };
}

export function failed(id: string, code: "FUNCTION_THREW" | "NODE_OVERLOADED" | "HOST_LOST"): CallResult {
  return { id, durationMs: 3, outcome: { kind: "failed", code, message: "why" } };
}

export function eventOf({ request }: CallMessage): unknown {
  return JSON.parse(Buffer.from(request.body ?? "", "base64").toString());
}
