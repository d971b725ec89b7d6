/**
 * What the runtime needs from the process it lives in. The runtime reads no clock and no randomness of its own;
 * whoever builds a driver hands these in (edge-node/hosts/node-runtime-environment.ts, or a fake clock in tests).
 */
export interface RuntimeEnvironment {
  /** Milliseconds, monotonic, any origin. */
  nowMs(): number;
  /** CPU time of this process over all its threads, milliseconds since any origin. */
  processCpuMs(): number;
  /** CPU time of the calling thread, milliseconds since any origin. */
  threadCpuMs(): number;
  /** Calls `fire` once after `delayMs`; returns a function that prevents it. */
  startTimer(delayMs: number, fire: () => void): () => void;
  /** Calls `flush` after the I/O events at hand were handled, so that all requests of one tick cross together. */
  afterTick(flush: () => void): void;
  randomBytes(lengthBytes: number): ArrayBuffer;
  /** UTS #46 ToASCII; an empty string when invalid. */
  domainToAscii(domain: string): string;
  readonly webCrypto: typeof globalThis.crypto;
  /**
   * V8 gave an isolate up; the process must end soon and without cleaning up. `isAttributed`: the front was told which version it was and
   * lets others finish first.
   */
  onCatastrophe(message: string, options: { readonly isAttributed: boolean }): void;
}
