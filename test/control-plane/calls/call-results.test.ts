import { describe, expect, it } from "vitest";
import { CallResultsIntake } from "../../../control-plane/calls/call-results.ts";
import { loneReplica, type ReplicaMessage, type Replicas } from "../../../control-plane/replicas/replicas.ts";
import type { CallResult } from "../../../sdk/calls.ts";

const result = (id: string): CallResult => ({
  id,
  durationMs: 1,
  outcome: { kind: "answered", status: 200, eventCode: 0, isFunctionError: false, text: "" },
});

/** An intake whose dispatcher awaits `awaited`; what it sent to whom, and a way to send to it. */
function intake(awaited: readonly string[]) {
  const settled: string[] = [];
  const sent: { readonly targets: readonly string[]; readonly message: ReplicaMessage }[] = [];
  let deliver: (results: readonly CallResult[]) => void = () => {};
  const facts = (nodes: readonly string[]) => ({ nodes, followsLogs: false });
  const replicas: Replicas = {
    ...loneReplica,
    others: () =>
      new Map([
        ["one", facts(["n1"])],
        ["two", facts(["n2"])],
      ]),
    send: (targets, message) => {
      if (targets.length > 0) sent.push({ targets, message });
    },
    onMessage: (kind, listener) => {
      if (kind === "called") deliver = (results) => (listener as (message: unknown) => void)({ kind, results });
    },
  };
  const settle = (results: readonly CallResult[]): readonly CallResult[] => {
    settled.push(...results.map(({ id }) => id).filter((id) => awaited.includes(id)));
    return results.filter(({ id }) => !awaited.includes(id));
  };
  const taken = new CallResultsIntake({ settle }, replicas);
  return { taken, settled, sent, deliver: (results: readonly CallResult[]) => deliver(results) };
}

describe("CallResultsIntake", () => {
  it("keeps what is awaited here, and passes the rest on to where the node is connected", () => {
    const { taken, settled, sent } = intake(["a"]);
    taken.take("n2", [result("a"), result("b")]);
    expect(settled).toEqual(["a"]);
    expect(sent).toEqual([{ targets: ["two"], message: { kind: "called", results: [result("b")] } }]);
  });

  it("drops what nobody awaits: of a node that nobody has, and what others passed on", () => {
    const { taken, settled, sent, deliver } = intake(["a"]);
    taken.take("n3", [result("b")]);
    deliver([result("a"), result("c")]);
    expect(settled).toEqual(["a"]);
    expect(sent).toEqual([]);
  });
});
