/**
 * How compression crosses from the isolate (guest/parts/compression) to the host (host-operations/compression.ts): types only.
 *
 * `compression.step` feeds one codec and takes some of its output; input and output are the first buffer beside the JSON, if any.
 * `compression.close` forgets a codec. The guest names its codecs by number; the first step of a number opens it.
 */

export const compressionFormats = ["deflate", "deflate-raw", "gzip", "brotli"] as const;
export type CompressionFormat = (typeof compressionFormats)[number];

export const codecDirections = ["compress", "decompress"] as const;
export type CodecDirection = (typeof codecDirections)[number];

export interface WireStep {
  readonly codec: number;
  readonly direction: CodecDirection;
  readonly format: CompressionFormat;
  /** No input comes after this step's. */
  readonly isLast: boolean;
}

export interface WireProgress {
  /** More output is to be had without input; all input was used; or the end: the codec is gone. */
  readonly state: "more" | "hungry" | "ended";
}
