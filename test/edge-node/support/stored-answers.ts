/** Stored answers for tests. */
import type { StoredAnswer } from "../../../edge-node/cache/stored-answer.ts";

/** A 200 of 100 bytes that was stored at 0 and is fresh for a second. */
export function answer(change: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    kind: "answer",
    status: 200,
    headers: "",
    body: new Uint8Array(100),
    bodyBytes: 100,
    bornAt: 0,
    freshUntil: 1_000,
    staleWhileRevalidateUntil: 1_000,
    staleIfErrorUntil: 1_000,
    staleOnFailureUntil: 1_000,
    isFixed: false,
    isAlwaysValidated: false,
    domain: "site.test",
    path: "/",
    query: "",
    tags: [],
    requestedAt: 0,
    ...change,
  };
}
