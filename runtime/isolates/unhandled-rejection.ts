/** What a guest is told of a promise that was rejected and that nobody handled: isolated-vm hands the reason out as a copy. Pure. */
import { frame, text } from "../bridge/frame.ts";
import { toGuest } from "../bridge/protocol.ts";

const charsMax = 8_192;

/** The frame for what an entry failed with; whatever it is, cut to a bounded length. */
export function unhandledRejectionFrame(reason: unknown): string {
  const { name, message, stack = "" } = reason instanceof Error ? reason : new Error(String(reason));
  return frame(toGuest.unhandledRejection, short(name) + short(message) + short(stack));
}

/** Guests choose what their errors hold. */
function short(value: unknown): string {
  return text(typeof value === "string" ? value.slice(0, charsMax) : "");
}
