/**
 * What stands on the disk at an answer's key, against that answer: whether it stays, gets the answer's head, or has to go. Pure.
 *
 * Invariant: what stays is neither used for longer than the answer nor older than it where that matters.
 */
import { diskTierLimits } from "../../sdk/cdn-limits.ts";
import { validatorsOf } from "./conditional.ts";
import { decodeHead, type StoredHead } from "./stored-head.ts";
import type { StoredAnswer } from "./stored-answer.ts";

export interface StandingEntry {
  readonly head: Uint8Array;
  readonly bodyBytes: number;
}

export type Standing =
  /** Was asked for later. */
  | "newer"
  /** The same body, used no longer than the answer, which is not worth a write. */
  | "settled"
  /** The same body under a head that says something else. */
  | "renewable"
  /** Anything else. */
  | "other";

/** `answer`: one whose body the origin confirmed. */
export function compareStanding(before: StandingEntry, answer: StoredAnswer, now: number): Standing {
  const head = decodeHead(before.head);
  if (head === undefined) return "other";
  if (isLaterThan(head, answer.requestedAt)) return "newer";
  if (head.kind !== "answer" || before.bodyBytes !== answer.bodyBytes) return "other";
  const validators = validatorsOf(answer.headers);
  if (validators === "" || validatorsOf(head.headers) !== validators) return "other";
  return isWorthWriting(answer, now) || isUsedLonger(head, answer) ? "renewable" : "settled";
}

/** Whether an entry was asked for after `requestedAt`; of what leads to variants counts the first of them. */
export function isLaterThan(head: StoredHead, requestedAt: number): boolean {
  return (head.kind === "vary" ? head.since : head.requestedAt) > requestedAt;
}

/** Whether what was asked for at that time may take the place of what stands there: another front may have got a later one. */
export function mayReplaceAt(requestedAt: number): (before: StandingEntry) => boolean {
  return ({ head }) => {
    const known = decodeHead(head);
    return known === undefined || !isLaterThan(known, requestedAt);
  };
}

/** What is fresh for moments only is not, unless the disk alone has its body; what is validated at each use would come no cheaper. */
function isWorthWriting({ isAlwaysValidated, freshUntil, body }: StoredAnswer, now: number): boolean {
  if (isAlwaysValidated) return false;
  return freshUntil - now >= diskTierLimits.freshMsMin || !(body instanceof Uint8Array);
}

function isUsedLonger(head: Extract<StoredHead, { kind: "answer" }>, answer: StoredAnswer): boolean {
  return (
    head.freshUntil > answer.freshUntil ||
    head.staleWhileRevalidateUntil > answer.staleWhileRevalidateUntil ||
    head.staleIfErrorUntil > answer.staleIfErrorUntil ||
    head.staleOnFailureUntil > answer.staleOnFailureUntil
  );
}
