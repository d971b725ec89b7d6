/**
 * Bodies on the host's side as a byte stream, or read whole.
 *
 * Invariant: one `read` of the host for each pull of the reader, none ahead of it; cancelling the stream cancels the body.
 */
import { messageLimits } from "../../../../sdk/limits.ts";
import type { HostBody } from "../../host-port.ts";
import { concatBytes } from "../encoding/buffer-source.ts";
import { ReadableStream } from "../streams/streams.ts";

const LIMIT = messageLimits.bufferedBodyBytesMax;

export function streamOfHostBody(body: HostBody): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      type: "bytes",
      pull: (controller) => deliverNext(body, controller),
      cancel() {
        body.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}

interface ByteController {
  readonly byobRequest: { respond(bytesWritten: number): void } | null;
  close(): void;
  enqueue(chunk: Uint8Array): void;
}

async function deliverNext(body: HostBody, controller: ByteController): Promise<void> {
  let chunk = await body.read();
  // A stream may not enqueue an empty chunk.
  while (chunk !== null && chunk.byteLength === 0) chunk = await body.read();
  if (chunk !== null) {
    controller.enqueue(chunk);
    return;
  }
  controller.close();
  controller.byobRequest?.respond(0);
}

/** The whole body. Rejects with a TypeError, and cancels, when it is larger than a function may hold in memory. */
export async function readHostBody(body: HostBody): Promise<Uint8Array<ArrayBuffer>> {
  refuseLarge(body, body.lengthBytes ?? 0);
  const first = await body.read();
  if (first === null) return new Uint8Array(0);
  const chunks = [first];
  let length = first.byteLength;
  for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
    length += chunk.byteLength;
    refuseLarge(body, length);
    chunks.push(chunk);
  }
  return chunks.length === 1 && isWhole(first) ? first : concatBytes(chunks);
}

function isWhole(chunk: Uint8Array): chunk is Uint8Array<ArrayBuffer> {
  return chunk.byteLength === chunk.buffer.byteLength;
}

function refuseLarge(body: HostBody, lengthBytes: number): void {
  if (lengthBytes <= LIMIT) return;
  body.cancel();
  throw new TypeError(`Cannot hold the body in memory: it is larger than ${LIMIT} bytes; read it as a stream`);
}
