/**
 * Whether a stored answer may be used for a request now (RFC 9111 §4, §4.2.4, §5.2.1): a pure function with a closed list of verdicts.
 *
 * Clients may ask for an answer that the origin confirms, but only where its time is not fixed by the operator or by `immutable`; what they
 * cause is then one validation at a time, since those who ask for the same thing wait for each other. Invariant: an answer that a purge
 * took away is never used.
 */
import type { PurgeView } from "./purge-view.ts";
import type { RequestControl } from "./request-control.ts";
import type { StoredAnswer } from "./stored-answer.ts";

export type Reuse =
  /** As it is. */
  | "fresh"
  /** As it is, and somebody asks the origin meanwhile. */
  | "stale-while-revalidate"
  /** As it is, because the client takes it so. */
  | "stale-accepted"
  /** After the origin confirmed it. */
  | "stale"
  /** The same, because the client wants that. */
  | "client-asked"
  /** Not at all. */
  | "gone";

export function judgeReuse(
  answer: Omit<StoredAnswer, "body">,
  asked: { readonly now: number; readonly control: RequestControl | null; readonly purges: PurgeView },
): Reuse {
  const { now, control, purges } = asked;
  const verdict = purges.isEmpty ? "kept" : purges.judge(answer);
  if (verdict === "gone") return "gone";
  const isFresh = answer.freshUntil > now && verdict === "kept";
  if (control !== null && !(isFresh && answer.isFixed)) {
    if (wantsNewer(answer, control, now)) return "client-asked";
    if (!isFresh && control.maxStaleMs > 0 && now - answer.freshUntil < control.maxStaleMs) {
      // What must not be used stale has no time for it even when the origin is lost.
      if (answer.staleOnFailureUntil > answer.freshUntil) return "stale-accepted";
    }
  }
  if (isFresh) return "fresh";
  // A soft purge makes an answer stale at that moment; its time as a stale one is as long as ever.
  return answer.staleWhileRevalidateUntil > now && answer.staleWhileRevalidateUntil > answer.freshUntil
    ? "stale-while-revalidate"
    : "stale";
}

function wantsNewer(answer: Omit<StoredAnswer, "body">, control: RequestControl, now: number): boolean {
  if (control.noCache) return true;
  if (control.maxAgeMs !== undefined && now - answer.bornAt >= control.maxAgeMs && control.maxStaleMs === 0)
    return true;
  return control.minFreshMs > 0 && answer.freshUntil - now < control.minFreshMs;
}
