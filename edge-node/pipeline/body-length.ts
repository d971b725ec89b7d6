/** How long a body is, as far as it is known before it is sent. */
import type { Body } from "../../runtime/body.ts";

/** Bytes; undefined when a stream does not say. */
export function bodyLengthBytes(body: Body): number | undefined {
  switch (body.kind) {
    case "empty":
      return 0;
    case "text":
      return Buffer.byteLength(body.text);
    case "bytes":
      return body.bytes.byteLength;
    default:
      return body.lengthBytes;
  }
}
