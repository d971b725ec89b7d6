/**
 * Makes a failure the exchange's answer, and lets go of those who wait for it.
 */
import { describeError, type ErrorCode } from "../../sdk/error-code.ts";
import { errorAnswer } from "./error-answer.ts";
import type { Exchange } from "./exchange.ts";

/** From here on the exchange answers with `code`. A body that was under way must be discarded by the caller. */
export function failExchange(exchange: Exchange, code: ErrorCode): void {
  exchange.failure = code;
  exchange.response = errorAnswer(code, exchange.requestId, exchange.retryAfterSeconds);
  const { cacheNote: note } = exchange;
  exchange.cacheNote = note.kind === "forward" ? { ...note, detail: "FAILED" } : { kind: "local", detail: "FAILED" };
  // What an origin did not answer it would not answer others; what a function did with this client's request says nothing about theirs.
  const shared = describeError(code).source === "origin";
  exchange.ticket?.settle(shared ? { kind: "failed", code } : { kind: "uncacheable" });
}
