/**
 * A body of the front's that a guest may read chunk by chunk: one read ahead hides the way there and back.
 * It sends nothing by itself; each `read` gives one chunk, the end, or a failure.
 */
import { messageLimits } from "../../sdk/limits.ts";
import type { Body } from "../body.ts";

export type BodyRead =
  | { readonly kind: "chunk"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "failed"; readonly message: string };

const chunkBytesMax = messageLimits.bodyWindowBytes;

export class BodySource {
  readonly #body: Body;
  #iterator: AsyncIterator<Uint8Array> | null = null;
  #ahead: Promise<BodyRead> | null = null;
  #left: Uint8Array | null = null;
  #taken = false;
  #over = false;

  constructor(body: Body) {
    this.#body = body;
  }

  /** Whether the guest read any of it, or somebody took it. */
  get touched(): boolean {
    return this.#taken;
  }

  /** The body itself, for whoever hands it on untouched; null when it was read or taken already. */
  take(): Body | null {
    if (this.#taken) return null;
    this.#taken = true;
    return this.#body;
  }

  async read(): Promise<BodyRead> {
    this.#taken = true;
    if (this.#over) return { kind: "end" };
    const left = this.#left;
    if (left !== null) {
      this.#left = left.byteLength > chunkBytesMax ? left.subarray(chunkBytesMax) : null;
      return { kind: "chunk", bytes: left.subarray(0, chunkBytesMax) };
    }
    const result = await (this.#ahead ?? this.#next());
    this.#ahead = null;
    if (result.kind !== "chunk") {
      this.#over = true;
      return result;
    }
    if (result.bytes.byteLength > chunkBytesMax) this.#left = result.bytes.subarray(chunkBytesMax);
    this.#ahead = this.#next();
    return { kind: "chunk", bytes: result.bytes.subarray(0, chunkBytesMax) };
  }

  /** Gives the source back what it holds. Safe at any time, also for a body nobody touched. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#taken) this.#taken = true;
    this.#iterator ??= this.#open();
    const ended = this.#iterator.return?.();
    ended?.catch(() => undefined);
  }

  async #next(): Promise<BodyRead> {
    this.#iterator ??= this.#open();
    try {
      const result = await this.#iterator.next();
      if (result.done === true) return { kind: "end" };
      return { kind: "chunk", bytes: result.value };
    } catch (error) {
      return { kind: "failed", message: error instanceof Error ? error.message : "The body broke off" };
    }
  }

  #open(): AsyncIterator<Uint8Array> {
    const body = this.#body;
    if (body.kind === "stream") return body.chunks[Symbol.asyncIterator]();
    return wholeBody(body);
  }
}

async function* wholeBody(body: Exclude<Body, { kind: "stream" }>): AsyncGenerator<Uint8Array> {
  if (body.kind === "bytes" && body.bytes.byteLength > 0) yield body.bytes;
  if (body.kind === "text" && body.text !== "") yield new TextEncoder().encode(body.text);
}
