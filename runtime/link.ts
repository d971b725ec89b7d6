/**
 * A two-way path for batches of frames between a front and an engine: memory inside one process, a byte stream between two.
 * Order is kept; a batch arrives whole or the link is over.
 */
export interface Link {
  /** Sends with the others of this tick. */
  send(batch: string, buffers: readonly Uint8Array[]): void;
  /** Set by the receiver before anything can arrive. */
  onBatch: (batch: string, buffers: readonly Uint8Array[]) => void;
  /** Called once when the other side is gone. */
  onClose: () => void;
  close(): void;
}
