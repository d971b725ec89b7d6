/** How far a revision has spread, in words. */
import type { RevisionResource } from "../api.ts";
import type { NodeFailure } from "../desired-state.ts";

/** For example `serving on 2 of 2 nodes in 84 ms`. */
export function rolloutText({ nodesConnected, nodesServing, completeMs, acks }: RevisionResource): string {
  if (nodesConnected === 0) return "no node is connected; nodes get it when they connect";
  const failures = acks.flatMap(({ node, failures: list }) =>
    list.map((failure) => `\n  ${node}: ${subjectOf(failure)}: ${failure.code} ${failure.message}`),
  );
  const time = completeMs === null ? "so far" : `in ${completeMs} ms`;
  return `serving on ${nodesServing} of ${nodesConnected} nodes ${time}${failures.join("")}`;
}

function subjectOf(failure: NodeFailure): string {
  return "certificate" in failure ? `certificate ${failure.certificate}` : `${failure.function} ${failure.version}`;
}

/** Whether every connected node serves it and could make every version ready. */
export function isComplete({ nodesConnected, nodesServing, acks }: RevisionResource): boolean {
  return nodesServing >= nodesConnected && acks.every(({ failures }) => failures.length === 0);
}
