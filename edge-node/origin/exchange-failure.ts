/**
 * Which code of the closed list a failed connection or exchange has.
 *
 * Knows Node's and OpenSSL's error codes, so that nobody else has to. Invariant: what was never asked cannot have broken off.
 */
import { errorCodes, type ErrorCode } from "../../sdk/error-code.ts";

/** Why an exchange goes no further. `message` is for logs. */
export interface ExchangeProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly cause?: unknown;
}

const codeOfSystem: Readonly<Record<string, ErrorCode>> = {
  ETIMEDOUT: "ORIGIN_TIMEOUT",
  ECONNRESET: "ORIGIN_TRUNCATED",
  EPIPE: "ORIGIN_TRUNCATED",
};

/** What Node.js calls a certificate that does not prove the server's name: OpenSSL's X509_V_ERR_* and its own. */
const CERTIFICATE_PROBLEM =
  /^(?:ERR_TLS_CERT_|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_)/;

/** What an error of a socket, or of the request's own body, means. */
export function problemOf(error: unknown): ExchangeProblem {
  if (!(error instanceof Error)) return { code: "NODE_INTERNAL", message: String(error), cause: error };
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return { code: codeOf(code), message: error.message, cause: error };
}

function codeOf(code: string): ErrorCode {
  if (Object.hasOwn(errorCodes, code)) return code as ErrorCode;
  if (CERTIFICATE_PROBLEM.test(code)) return "ORIGIN_CERTIFICATE";
  return codeOfSystem[code] ?? "ORIGIN_UNREACHABLE";
}
