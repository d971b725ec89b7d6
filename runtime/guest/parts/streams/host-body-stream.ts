/**
 * Bodies on the host's side as a byte stream.
 *
 * Invariant: nothing is read before the reader's first pull, and one chunk ahead of it from then on, which hides the way to the host and
 * tells of a body that broke off before it is asked for. Cancelling the stream cancels the body.
 */
import { ReadableStream } from "web-streams-polyfill";
import type { HostBody } from "../../host-port.ts";

interface ByteController {
  readonly byobRequest: { respond(bytesWritten: number): void } | null;
  close(): void;
  enqueue(chunk: Uint8Array): void;
  error(reason: unknown): void;
}

export function streamOfHostBody(body: HostBody): ReadableStream<Uint8Array> {
  const ahead = new ReadAhead(body);
  return new ReadableStream<Uint8Array>(
    {
      type: "bytes",
      start(controller) {
        if (body.broken !== undefined && body.broken !== null) controller.error(body.broken.reason);
        else body.onBroken?.((reason) => controller.error(reason));
      },
      pull: (controller) => ahead.deliver(controller),
      cancel() {
        body.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}

class ReadAhead {
  readonly #body: HostBody;
  /** Null: the stream is closed or errored by now. Never rejects. */
  #next: Promise<Uint8Array | null> | null = null;
  #error: { readonly reason: unknown } | null = null;

  constructor(body: HostBody) {
    this.#body = body;
  }

  async deliver(controller: ByteController): Promise<void> {
    const chunk = await (this.#next ?? this.#read(controller));
    if (this.#error !== null) throw this.#error.reason;
    if (chunk === null) return;
    controller.enqueue(chunk);
    this.#next = this.#read(controller);
  }

  async #read(controller: ByteController): Promise<Uint8Array | null> {
    try {
      let chunk = await this.#body.read();
      // A stream may not enqueue an empty chunk.
      while (chunk !== null && chunk.byteLength === 0) chunk = await this.#body.read();
      if (chunk === null) closeStream(controller);
      return chunk;
    } catch (error) {
      this.#error = { reason: error };
      controller.error(error);
      return null;
    }
  }
}

function closeStream(controller: ByteController): void {
  controller.close();
  controller.byobRequest?.respond(0);
}
