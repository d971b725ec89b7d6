/**
 * A small body of an origin that has arrived with its head is bytes from here on: it is sent with one write, kept without a copy, compressed as a whole.
 *
 * Waits for nothing: a body that is still on its way stays a stream. Invariant: the bytes are memory of their own, which may be kept.
 */
import type { Body } from "../../runtime/body.ts";
import { ByteQueue } from "./byte-queue.ts";

/** What one read of a socket brings at most. */
const BYTES_MAX = 65_536;

export function arrivedBody(body: Body): Body {
  if (body.kind !== "stream" || !(body.chunks instanceof ByteQueue)) return body;
  const { lengthBytes } = body;
  if (lengthBytes === undefined || lengthBytes > BYTES_MAX) return body;
  const bytes = body.chunks.takeWhole(lengthBytes);
  return bytes === undefined ? body : { kind: "bytes", bytes };
}
