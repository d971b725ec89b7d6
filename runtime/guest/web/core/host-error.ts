/** Errors that the host names, as the classes user code expects. */
import { DOMException, QuotaExceededError } from "./dom-exception.ts";

/** A TypeError, RangeError or Error for those names, a DOMException for all others: `SyntaxError` is one of WebCrypto's. */
export function errorFromHost(name: string, message: string): Error {
  switch (name) {
    case "Error":
      return new Error(message);
    case "TypeError":
      return new TypeError(message);
    case "RangeError":
      return new RangeError(message);
    case "QuotaExceededError":
      return new QuotaExceededError(message);
    default:
      return new DOMException(message, name);
  }
}
