/** Bodies on the host's side read whole, without a stream. */
import { type HostBody, hostPort } from "../../host-port.ts";
import { concatBytes } from "../encoding/buffer-source.ts";

/** The whole body. Rejects with a TypeError, and cancels, when it is larger than a function may hold in memory. */
export async function readHostBody(body: HostBody): Promise<Uint8Array<ArrayBuffer>> {
  const bytesMax = hostPort().bufferedBodyBytesMax;
  refuseLarge(body, { lengthBytes: body.lengthBytes ?? 0, bytesMax });
  const first = await body.read();
  if (first === null) return new Uint8Array(0);
  const chunks = [first];
  let lengthBytes = first.byteLength;
  for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
    lengthBytes += chunk.byteLength;
    refuseLarge(body, { lengthBytes, bytesMax });
    chunks.push(chunk);
  }
  return chunks.length === 1 && isWhole(first) ? first : concatBytes(chunks);
}

function isWhole(chunk: Uint8Array): chunk is Uint8Array<ArrayBuffer> {
  return chunk.byteLength === chunk.buffer.byteLength;
}

function refuseLarge(body: HostBody, size: { readonly lengthBytes: number; readonly bytesMax: number }): void {
  if (size.lengthBytes <= size.bytesMax) return;
  body.cancel();
  throw new TypeError(
    `Cannot hold the body in memory: it is larger than ${size.bytesMax} bytes (limit bufferedBodyMiB); read it as a stream`,
  );
}
