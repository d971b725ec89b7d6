/** `node:stream/consumers`: everything that a stream (Node's, the web's, any async iterable) yields, as one value. */
import { Buffer } from "./buffer.ts";

type Source = AsyncIterable<unknown> | Iterable<unknown>;

async function buffer(stream: Source): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : bytesOf(chunk));
  return Buffer.concat(chunks);
}

function bytesOf(chunk: unknown): Uint8Array {
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  throw new TypeError("Cannot consume the stream: a chunk is neither text nor bytes");
}

async function arrayBuffer(stream: Source): Promise<ArrayBuffer> {
  const bytes = await buffer(stream);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

async function blob(stream: Source): Promise<Blob> {
  return new Blob([await buffer(stream)]);
}

async function text(stream: Source): Promise<string> {
  return new TextDecoder().decode(await buffer(stream));
}

async function json(stream: Source): Promise<unknown> {
  return JSON.parse(await text(stream)) as unknown;
}

const exported: Readonly<Record<string, unknown>> = { arrayBuffer, blob, buffer, json, text };
export { arrayBuffer, blob, buffer, json, text };
export default exported;
