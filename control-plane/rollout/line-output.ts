/** Where a stream of lines goes: one connection, seen without HTTP. */
export interface LineOutput {
  /** Takes one line without its line end. False: taken, but wait for `onDrain` before the next. */
  write(line: string): boolean;
  /** Calls `listener` whenever the connection can take lines again. */
  onDrain(listener: () => void): void;
  /** Calls `listener` once, when the connection has ended for whatever reason. */
  onClose(listener: () => void): void;
  /** Ends the connection, dropping what it has not sent. Harmless when it has ended. */
  readonly close: () => void;
}
