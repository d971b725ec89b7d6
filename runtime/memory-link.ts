/**
 * A link inside one process, by reference. What the front sends in a tick is handed over together, so that it crosses into an isolate
 * together; what the engine sends is handed over at once, because it comes in batches already.
 */
import type { Link, Sendable } from "./link.ts";
import type { RuntimeEnvironment } from "./runtime-environment.ts";

/** The two ends. */
export function memoryLinks(environment: Pick<RuntimeEnvironment, "afterTick">): {
  readonly front: Link;
  readonly engine: Link;
} {
  const front = new MemoryLink(environment);
  const engine = new MemoryLink(null);
  front.join(engine);
  engine.join(front);
  return { front, engine };
}

class MemoryLink implements Link {
  readonly givesBuffers = false;
  onBatch: (batch: string, buffers: readonly Uint8Array[]) => void = ignoreBatch;
  onClose: (failure: Error | null) => void = ignoreClose;
  readonly #environment: Pick<RuntimeEnvironment, "afterTick"> | null;
  #other: MemoryLink | null = null;
  #text = "";
  #buffers: Uint8Array[] = [];
  #scheduled = false;

  /** Null: every batch is handed over at once. */
  constructor(environment: Pick<RuntimeEnvironment, "afterTick"> | null) {
    this.#environment = environment;
  }

  join(other: MemoryLink): void {
    this.#other = other;
  }

  send(batch: string, buffers: readonly Sendable[]): void {
    if (this.#environment === null) {
      this.#other?.onBatch(batch, buffers.map(whole));
      return;
    }
    this.#text += batch;
    for (const buffer of buffers) this.#buffers.push(whole(buffer));
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#environment.afterTick(() => {
      this.#flush();
    });
  }

  close(): void {
    const other = this.#other;
    this.#other = null;
    other?.onClose(null);
  }

  #flush(): void {
    this.#scheduled = false;
    const batch = this.#text;
    const buffers = this.#buffers;
    this.#text = "";
    this.#buffers = [];
    this.#other?.onBatch(batch, buffers);
  }
}

function whole(buffer: Sendable): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer;
  const [first] = buffer.pieces;
  return buffer.pieces.length === 1 && first !== undefined ? first : Buffer.concat(buffer.pieces);
}

function ignoreBatch(): void {}
function ignoreClose(): void {}
