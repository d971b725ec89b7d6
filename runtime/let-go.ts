/** Gives back what an invocation answered when nobody waited any more: its body, its socket. */
import type { Outcome } from "./driver.ts";

export function letGo(outcome: Outcome): void {
  if (outcome.kind === "upgrade") outcome.socket.close({ code: 1006, reason: "", wasClean: false });
  if (outcome.kind !== "request" && outcome.kind !== "response") return;
  const { body } = outcome;
  if (body.kind !== "stream") return;
  body.chunks[Symbol.asyncIterator]()
    .return?.()
    .catch(() => undefined);
}
