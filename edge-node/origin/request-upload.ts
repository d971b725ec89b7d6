/**
 * Sends a request's streamed body no faster than its server takes it.
 *
 * Framing follows the head that was sent: chunked, or a length that the body must keep. Invariant: the body is read to its end or given up, once.
 */
import type { Socket } from "node:net";
import type { Body } from "../../runtime/body.ts";

/** What the upload waits for: its own source, the server, or nothing any more. */
export type UploadState = "source" | "server" | "over";

/** The body was not as long as it said. */
class BodyLengthError extends Error {
  readonly code = "REQUEST_MALFORMED";
}

export interface UploadOptions {
  readonly socket: Socket;
  readonly onState: (state: UploadState) => void;
  readonly onFailed: (error: unknown) => void;
}

export class RequestUpload {
  readonly #options: UploadOptions;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #lengthBytes: number | undefined;
  #isOpen = true;
  #wake: (() => void) | null = null;

  constructor(body: Extract<Body, { kind: "stream" }>, options: UploadOptions) {
    this.#options = options;
    this.#iterator = body.chunks[Symbol.asyncIterator]();
    this.#lengthBytes = body.lengthBytes;
    options.socket.on("drain", this.#drained);
    this.#run().catch((error: unknown) => this.#failed(error));
  }

  /** Gives the rest up; harmless when it is over. */
  stop(): void {
    if (!this.#isOpen) return;
    this.#close();
    this.#iterator.return?.().then(undefined, () => undefined);
  }

  async #run(): Promise<void> {
    let sent = 0;
    for (;;) {
      const item = await this.#iterator.next();
      if (!this.#isOpen) return;
      if (item.done === true) break;
      const chunk = item.value;
      if (chunk.byteLength === 0) continue;
      sent += chunk.byteLength;
      if (this.#lengthBytes !== undefined && sent > this.#lengthBytes)
        throw new BodyLengthError("The body is too long");
      if (this.#write(chunk)) continue;
      this.#options.onState("server");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      if (!this.#isOpen) return;
      this.#options.onState("source");
    }
    if (this.#lengthBytes !== undefined && sent < this.#lengthBytes) throw new BodyLengthError("The body is too short");
    if (this.#lengthBytes === undefined) this.#options.socket.write("0\r\n\r\n", "latin1");
    this.#close();
    this.#options.onState("over");
  }

  /** Whether more may follow at once. */
  #write(chunk: Uint8Array): boolean {
    const { socket } = this.#options;
    if (this.#lengthBytes !== undefined) return socket.write(chunk);
    socket.cork();
    socket.write(`${chunk.byteLength.toString(16)}\r\n`, "latin1");
    socket.write(chunk);
    const hasRoom = socket.write("\r\n", "latin1");
    socket.uncork();
    return hasRoom;
  }

  #failed(error: unknown): void {
    if (!this.#isOpen) return;
    this.stop();
    this.#options.onFailed(error);
  }

  readonly #drained = (): void => {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  };

  #close(): void {
    this.#isOpen = false;
    this.#options.socket.off("drain", this.#drained);
    this.#drained();
  }
}
