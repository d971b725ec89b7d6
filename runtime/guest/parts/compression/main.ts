/** CompressionStream and DecompressionStream (https://compression.spec.whatwg.org/), on the host's zlib. */
import { compressionFormats, type CompressionFormat } from "../../compression-protocol.ts";
import { finishInterface } from "../../web/core/interface.ts";
import { toDomString, toPrintable } from "../../web/core/webidl.ts";
import type { ReadableStream, WritableStream } from "../../web/streams/streams.ts";
import { CodecPair } from "./codec-pair.ts";

type BufferSource = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

export class CompressionStream {
  readonly #pair: CodecPair;

  constructor(format: CompressionFormat) {
    this.#pair = new CodecPair("compress", toFormat(format, "CompressionStream"));
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#pair.readable;
  }

  get writable(): WritableStream<BufferSource> {
    return this.#pair.writable;
  }
}

export class DecompressionStream {
  readonly #pair: CodecPair;

  constructor(format: CompressionFormat) {
    this.#pair = new CodecPair("decompress", toFormat(format, "DecompressionStream"));
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#pair.readable;
  }

  get writable(): WritableStream<BufferSource> {
    return this.#pair.writable;
  }
}

function toFormat(value: unknown, where: string): CompressionFormat {
  const name = toDomString(value);
  const format = compressionFormats.find((known) => known === name);
  if (format !== undefined) return format;
  throw new TypeError(
    `Cannot create a ${where}: received ${toPrintable(name)}, allowed: ${compressionFormats.join(", ")}`,
  );
}

finishInterface(CompressionStream, "CompressionStream", { shown: ["readable", "writable"] });
finishInterface(DecompressionStream, "DecompressionStream", { shown: ["readable", "writable"] });
