/**
 * What a WebSocket's opening handshake that failed means: a code of the closed list, and whether its server can have seen it.
 *
 * Invariant: what a function may read of it never holds the address that was tried.
 */
import { SubrequestError } from "../../runtime/driver.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { problemOf } from "./exchange-failure.ts";
import { describeFailure } from "./subrequest.ts";

export class HandshakeError extends SubrequestError {
  /** The server never saw it. */
  readonly unsent: boolean;

  constructor(code: ErrorCode, sent: "sent" | "unsent", message: string = describeFailure(code)) {
    super(code, message);
    this.name = "HandshakeError";
    this.unsent = sent === "unsent";
  }
}

/** `connection`: whether there was one by then. */
export function handshakeError(error: Error, connection: "made" | "missing"): HandshakeError {
  const system = "code" in error && typeof error.code === "string" ? error.code : "";
  // The library's own errors, for answers that open no WebSocket, have no code; the parser's are no system's.
  if (system === "" || system.startsWith("HPE_")) {
    return new HandshakeError("ORIGIN_MALFORMED", "sent", "The server did not open a WebSocket");
  }
  const { code } = problemOf(error);
  if (connection === "made") return new HandshakeError(code, "sent");
  // What was never asked cannot have broken off.
  return new HandshakeError(code === "ORIGIN_TRUNCATED" ? "ORIGIN_UNREACHABLE" : code, "unsent");
}
