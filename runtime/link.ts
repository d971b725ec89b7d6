/**
 * A two-way path for batches of frames between a front and an engine: memory inside one process, a byte stream between two.
 * Order is kept; a batch arrives whole or the link is over.
 */
export interface Link {
  /** Whether the buffers of `onBatch` belong to the receiver, each with memory of its own; else they are only to be read. */
  readonly givesBuffers: boolean;
  /** Sends with the others of this tick. */
  send(batch: string, buffers: readonly Sendable[]): void;
  /** Set by the receiver before anything can arrive. */
  onBatch: (batch: string, buffers: readonly Uint8Array[]) => void;
  /** Called once when the other side is gone (null), or said what could not be read: then with what came of that. */
  onClose: (failure: Error | null) => void;
  close(): void;
}

/** Bytes that arrive as one buffer. */
export interface Pieces {
  readonly pieces: readonly Uint8Array[];
  /** Of all pieces together. */
  readonly byteLength: number;
  /** Nobody else holds them: the link may release their memory once they were sent. */
  readonly areGiven: boolean;
}

export type Sendable = Uint8Array | Pieces;
