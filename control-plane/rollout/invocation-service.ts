/**
 * Invocations by REST: each is sent to one connected node over its stream, in turn, and its result awaited.
 */
import type { InvokeMessage, InvokeResult } from "../../sdk/desired-state.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { Clock } from "../clock.ts";
import { AwaitedAnswers, type Unanswered } from "./awaited-answers.ts";
import { loneReplica, type Replicas } from "../replicas/replicas.ts";
import type { Fleet } from "./fleet.ts";

/** Invocations awaited at once. */
const invocationsMax = 1_000;

export interface InvocationServiceOptions {
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly uniqueId: () => string;
  /** Default: there are none. */
  readonly replicas?: Replicas;
}

export class InvocationService {
  readonly #fleet: Fleet;
  readonly #answers: AwaitedAnswers<InvokeResult>;
  readonly #replicas: Replicas;

  constructor(options: InvocationServiceOptions) {
    this.#fleet = options.fleet;
    this.#answers = new AwaitedAnswers({ ...options, waitsMax: invocationsMax, unanswered: failedResult });
    this.#replicas = options.replicas ?? loneReplica;
    this.#replicas.onMessage("invoked", ({ result }) => {
      this.#answers.settle(result);
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
    const question = (id: string): InvokeMessage => ({ kind: "invoke", id, ...message });
    return this.#answers.ask(this.#fleet.next(), { question, timeoutMs });
  }

  /** A node's answer, which is passed on to the control plane that asked. False: nobody awaits it. */
  settle(result: InvokeResult): boolean {
    return this.#answers.settle(result) || this.#replicas.answer(result.id, { kind: "invoked", result });
  }

  /** Everything awaited fails now. */
  close(): void {
    this.#answers.close();
  }
}

const codes: Readonly<Record<Unanswered["kind"], ErrorCode>> = {
  lost: "HOST_LOST",
  late: "FUNCTION_WALL_LIMIT",
  closing: "NODE_DRAINING",
};

function failedResult({ id, kind, message, durationMs }: Unanswered): InvokeResult {
  return { id, outcome: { kind: "failed", code: codes[kind], message }, durationMs, logs: [] };
}
