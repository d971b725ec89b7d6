/** What is said of a hook that returned something it may not. */
import { answersItself, type Hook } from "../../../sdk/phase.ts";

export function invalidResult(phase: Hook, value: unknown): string {
  const allowed = answersItself(phase)
    ? "a Response"
    : phase === "clientRequest" || phase === "originPull"
      ? "nothing, a Request or a Response"
      : "nothing or a Response";
  return `Cannot use the result of ${phase}: received ${value === null ? "null" : typeof value}, allowed ${allowed}`;
}
