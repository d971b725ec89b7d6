/**
 * A codec on the host as the guest holds it: opened by its first step, forgotten at its end, when closed, or when nobody holds it any more.
 */
import type { CodecDirection, CompressionFormat, WireProgress, WireStep } from "../../compression-protocol.ts";
import { hostPort } from "../../host-port.ts";

export interface CodecProgress extends WireProgress {
  readonly output: Uint8Array<ArrayBuffer> | null;
}

/** What outlives the codec for the registry. */
interface OpenCodec {
  readonly number: number;
  isOpen: boolean;
}

/** The registry is made when it is first needed: a snapshot cannot hold one. */
const shared: { lastNumber: number; abandoned: FinalizationRegistry<OpenCodec> | null } = {
  lastNumber: 0,
  abandoned: null,
};

export class HostCodec {
  readonly #direction: CodecDirection;
  readonly #format: CompressionFormat;
  readonly #open: OpenCodec;

  constructor(direction: CodecDirection, format: CompressionFormat) {
    this.#direction = direction;
    this.#format = format;
    shared.lastNumber += 1;
    this.#open = { number: shared.lastNumber, isOpen: false };
  }

  /** One call at a time. Rejects with a TypeError when the data is not valid. */
  async step(input: ArrayBuffer | null, options: { readonly isLast: boolean }): Promise<CodecProgress> {
    const { number } = this.#open;
    const step: WireStep = { codec: number, direction: this.#direction, format: this.#format, ...options };
    this.#register();
    const { json, buffers } = await hostPort().call(
      "compression.step",
      JSON.stringify(step),
      input === null ? [] : [input],
    );
    const { state } = JSON.parse(json) as WireProgress;
    if (state === "ended") this.#open.isOpen = false;
    const [output] = buffers;
    return { state, output: output === undefined ? null : new Uint8Array(output) };
  }

  close(): void {
    close(this.#open);
  }

  #register(): void {
    if (this.#open.isOpen) return;
    this.#open.isOpen = true;
    shared.abandoned ??= new FinalizationRegistry(close);
    shared.abandoned.register(this, this.#open);
  }
}

function close(codec: OpenCodec): void {
  if (!codec.isOpen) return;
  codec.isOpen = false;
  hostPort()
    .call("compression.close", JSON.stringify({ codec: codec.number }), [])
    .catch(() => undefined);
}
