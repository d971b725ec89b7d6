/**
 * Reads an outcome frame on the front's side. A guest wrote it, so everything is checked here: what passes can be put on a wire.
 *
 * It does not know streams or bodies; a body comes back as a descriptor that its reader resolves.
 */
import { errorCodes, type ErrorCode } from "../../sdk/error-code.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { FrameError, type FrameReader } from "./frame.ts";
import { bodyKind, outcomeKind, type BodyOwner } from "./protocol.ts";

export type BodyDescriptor =
  | { readonly kind: "empty" }
  | { readonly kind: "text"; readonly text: string }
  /** The bytes are the frame's buffer. */
  | { readonly kind: "bytes" }
  | { readonly kind: "stream"; readonly id: number }
  | { readonly kind: "host"; readonly owner: BodyOwner; readonly id: number };

export type ReadOutcome =
  | { readonly kind: "continue" }
  | {
      readonly kind: "request";
      readonly method: string;
      readonly url: string;
      readonly headers: string;
      readonly body: BodyDescriptor;
    }
  | { readonly kind: "response"; readonly status: number; readonly headers: string; readonly body: BodyDescriptor }
  | { readonly kind: "upgrade"; readonly headers: string; readonly socketId: number }
  | {
      readonly kind: "failed";
      readonly code: ErrorCode;
      readonly message: string;
      readonly stack: string;
      readonly passThrough: boolean;
    };

const messageCharsMax = 8_192;
const stackCharsMax = 16_384;
const methodGrammar = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
const headersGrammar = /^(?:[!#$%&'*+\-.^_`|~0-9a-z]+:[\t\x20-\x7e\x80-\xff]*\n)*$/;
const urlGrammar = /^https?:\/\/[^\s\\#]+$/;

/** Reads what follows invocation id and ended flag. */
export function readOutcome(reader: FrameReader): ReadOutcome {
  switch (reader.int()) {
    case outcomeKind.continue:
      return continued;
    case outcomeKind.request:
      return readRequest(reader);
    case outcomeKind.response:
      return readResponse(reader);
    case outcomeKind.upgrade: {
      const socketId = reader.int();
      const headers = reader.text();
      return invalidHeaders(headers) ?? { kind: "upgrade", headers, socketId };
    }
    case outcomeKind.failed:
      return {
        kind: "failed",
        code: errorCodeOf(reader.text()),
        message: reader.text().slice(0, messageCharsMax),
        stack: reader.text().slice(0, stackCharsMax),
        passThrough: reader.int() === 1,
      };
    default:
      throw new FrameError("unknown outcome");
  }
}

/** Reads a body descriptor. */
export function readBodyDescriptor(reader: FrameReader): BodyDescriptor {
  switch (reader.int()) {
    case bodyKind.empty:
      return { kind: "empty" };
    case bodyKind.text:
      return { kind: "text", text: reader.text() };
    case bodyKind.bytes:
      return { kind: "bytes" };
    case bodyKind.stream:
      return { kind: "stream", id: reader.int() };
    case bodyKind.host:
      return { kind: "host", owner: ownerOf(reader.int()), id: reader.int() };
    default:
      throw new FrameError("unknown body kind");
  }
}

/** An owner as it came over the bridge. */
export function ownerOf(value: number): BodyOwner {
  if (value !== 0 && value !== 1 && value !== 2) throw new FrameError("unknown body owner");
  return value;
}

/** Whether a method, URL or header block from a guest may be put on a wire. */
export const wireGrammar: {
  readonly method: RegExp;
  readonly headers: RegExp;
  readonly url: RegExp;
} = { method: methodGrammar, headers: headersGrammar, url: urlGrammar };

const continued: ReadOutcome = { kind: "continue" };

function readRequest(reader: FrameReader): ReadOutcome {
  const method = reader.text();
  const url = reader.text();
  const headers = reader.text();
  const body = readBodyDescriptor(reader);
  if (!methodGrammar.test(method)) return invalid(`The request's method is not a token`);
  if (!urlGrammar.test(url) || url.length > messageLimits.urlBytesMax) {
    return invalid("The request's URL is not an absolute http or https URL within the limit");
  }
  return invalidHeaders(headers) ?? { kind: "request", method, url, headers, body };
}

function readResponse(reader: FrameReader): ReadOutcome {
  const status = reader.int();
  const headers = reader.text();
  const body = readBodyDescriptor(reader);
  if (status < 200 || status > 599) return invalid(`The response's status is ${status}, allowed 200..599`);
  return invalidHeaders(headers) ?? { kind: "response", status, headers, body };
}

function invalidHeaders(headers: string): ReadOutcome | null {
  if (headers.length > messageLimits.headerBytesMax) {
    return {
      kind: "failed",
      code: "FUNCTION_HEADERS_TOO_LARGE",
      message: `The headers have ${headers.length} bytes, allowed ${messageLimits.headerBytesMax}`,
      stack: "",
      passThrough: false,
    };
  }
  return headersGrammar.test(headers) ? null : invalid("The headers hold bytes outside the grammar");
}

function invalid(message: string): ReadOutcome {
  return { kind: "failed", code: "FUNCTION_RESULT_INVALID", message, stack: "", passThrough: false };
}

function errorCodeOf(text: string): ErrorCode {
  return Object.hasOwn(errorCodes, text) ? (text as ErrorCode) : "FUNCTION_THREW";
}
