/**
 * Undoes Content-Encoding for functions, as `fetch` does: the body decoded while it streams, the field and the length removed.
 *
 * An unknown coding leaves the answer as it came. Invariant: decoding keeps back-pressure, and a damaged body makes the reader throw.
 */
import { Readable, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { Body } from "../../runtime/body.ts";
import { deleteHeader, getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};
/** Codings applied one over the other; more is an attack on the decoder. */
const CODINGS_MAX = 5;

/** The codings this node asks for on behalf of functions. */
export const acceptedCodings = "gzip, deflate, br, zstd";

/** The message with its body decoded, or unchanged when there is nothing to decode or a coding is unknown. */
export function decodeContent(message: { readonly headers: HeaderText; readonly body: Body }): {
  readonly headers: HeaderText;
  readonly body: Body;
} {
  const codings = getAllHeaders(message.headers, "content-encoding")
    .join(",")
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  const { body } = message;
  if (codings.length === 0 || codings.length > CODINGS_MAX || body.kind !== "stream") return message;
  if (codings.some((coding) => decoders[coding] === undefined)) return message;
  let stream = Readable.from(body.chunks, { objectMode: false });
  for (const coding of codings.toReversed()) stream = pipe(stream, decoders[coding]);
  const headers = deleteHeader(deleteHeader(message.headers, "content-encoding"), "content-length");
  return { headers, body: { kind: "stream", chunks: stream, lengthBytes: undefined } };
}

/** Both directions: a failure upstream fails the reader, a reader that stops ends what is upstream. */
function pipe(source: Readable, create: (() => Transform) | undefined): Readable {
  if (create === undefined) return source;
  const decoder = create();
  source.on("error", (error) => decoder.destroy(error));
  decoder.on("close", () => source.destroy());
  return source.pipe(decoder);
}
