/** TextEncoderStream and TextDecoderStream (https://encoding.spec.whatwg.org/#stream-interfaces). */
import { finishInterface } from "../../web/core/interface.ts";
import { toDomString } from "../../web/core/webidl.ts";
import { TransformStream, type ReadableStream, type WritableStream } from "web-streams-polyfill";
import { bytesOf, isBufferSource } from "../../web/encoding/buffer-source.ts";
import { TextDecoder, type TextDecoderOptions } from "../../web/encoding/text-decoder.ts";
import { encodeUtf8 } from "../../web/encoding/utf8.ts";

export class TextEncoderStream {
  readonly #transform: TransformStream<string, Uint8Array<ArrayBuffer>>;

  constructor() {
    // A high surrogate at the end of a chunk waits for its other half.
    let held = "";
    this.#transform = new TransformStream<string, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        let text = held + toDomString(chunk);
        held = "";
        if ((text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800) {
          held = text.slice(-1);
          text = text.slice(0, -1);
        }
        if (text !== "") controller.enqueue(encodeUtf8(text));
      },
      flush(controller) {
        if (held !== "") controller.enqueue(encodeUtf8(held));
      },
    });
  }

  get encoding(): "utf-8" {
    return "utf-8";
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#transform.readable;
  }

  get writable(): WritableStream<string> {
    return this.#transform.writable;
  }
}

export class TextDecoderStream {
  readonly #decoder: TextDecoder;
  readonly #transform: TransformStream<ArrayBuffer | ArrayBufferView<ArrayBuffer>, string>;

  constructor(label: string = "utf-8", options: TextDecoderOptions = {}) {
    const decoder = new TextDecoder(label, options);
    this.#decoder = decoder;
    this.#transform = new TransformStream<ArrayBuffer | ArrayBufferView<ArrayBuffer>, string>({
      transform(chunk, controller) {
        if (!isBufferSource(chunk))
          throw new TypeError("Cannot decode: the chunk is not an ArrayBuffer or a view of one");
        const text = decoder.decode(bytesOf(chunk), { stream: true });
        if (text !== "") controller.enqueue(text);
      },
      flush(controller) {
        const text = decoder.decode();
        if (text !== "") controller.enqueue(text);
      },
    });
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }

  get fatal(): boolean {
    return this.#decoder.fatal;
  }

  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM;
  }

  get readable(): ReadableStream<string> {
    return this.#transform.readable;
  }

  get writable(): WritableStream<ArrayBuffer | ArrayBufferView<ArrayBuffer>> {
    return this.#transform.writable;
  }
}

finishInterface(TextEncoderStream, "TextEncoderStream");
finishInterface(TextDecoderStream, "TextDecoderStream");
