/**
 * An access log in a file that several fronts append to, or on the standard output.
 *
 * Every batch is one append, which the system keeps whole on a local disk. A file that was moved away (rotated by the supervisor, or by a
 * tool of the operator) is noticed before the next batch and made anew, so no line is lost. Invariants: a write that broke off does not spoil the
 * line after it; nothing here blocks the event loop.
 */
import { constants, write } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { accessLogLimits } from "../../sdk/cdn-limits.ts";
import type { LogOutput } from "./access-log.ts";

/** Appends to the file, which is made when it is first needed. */
export function appendFile(file: string): LogOutput {
  return new AppendFile(file);
}

/** Writes to an open descriptor in pieces that a pipe takes whole, however many processes write to it. */
export function appendDescriptor(descriptor: number): LogOutput {
  return {
    async write(lines) {
      for (const piece of wholeLines(lines, accessLogLimits.lineBytesMax)) await writeAll(descriptor, piece);
    },
    close: () => Promise.resolve(),
  };
}

const MODE = 0o640;

class AppendFile implements LogOutput {
  readonly #file: string;
  #handle: FileHandle | null = null;
  #inode = 0n;
  #hasTornLine = false;

  constructor(file: string) {
    this.#file = file;
  }

  async write(lines: string): Promise<void> {
    const handle = await this.#open();
    const bytes = Buffer.from(this.#hasTornLine ? `\n${lines}` : lines);
    this.#hasTornLine = true;
    const { bytesWritten } = await handle.write(bytes);
    this.#hasTornLine = bytesWritten !== 0 && bytesWritten < bytes.byteLength;
    if (bytesWritten < bytes.byteLength) throw new Error(`${bytesWritten} of ${bytes.byteLength} bytes were taken`);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
  }

  async #open(): Promise<FileHandle> {
    if (this.#handle !== null && (await this.#isThere())) return this.#handle;
    await this.close();
    const { O_APPEND, O_CREAT, O_WRONLY } = constants;
    const handle = await open(this.#file, O_APPEND | O_CREAT | O_WRONLY, MODE);
    this.#handle = handle;
    this.#inode = (await handle.stat({ bigint: true })).ino;
    this.#hasTornLine = false;
    return handle;
  }

  async #isThere(): Promise<boolean> {
    try {
      return (await stat(this.#file, { bigint: true })).ino === this.#inode;
    } catch {
      return false;
    }
  }
}

function* wholeLines(lines: string, bytesMax: number): Generator<Buffer> {
  let piece = "";
  let bytes = 0;
  for (const line of lines.split(/(?<=\n)/)) {
    const length = Buffer.byteLength(line);
    if (bytes + length > bytesMax && piece !== "") {
      yield Buffer.from(piece);
      piece = "";
      bytes = 0;
    }
    piece += line;
    bytes += length;
  }
  if (piece !== "") yield Buffer.from(piece);
}

const writeOnce = promisify(write);

async function writeAll(descriptor: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    at += (await writeOnce(descriptor, bytes, at, bytes.byteLength - at, null)).bytesWritten;
  }
}
