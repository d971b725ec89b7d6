/**
 * Bodies that cross: `BridgeBody` is one that still lies on the host's side, `OutgoingStreams` sends the guest's own streams chunk by chunk.
 *
 * Invariant: nothing crosses unless asked for. A host body is read one chunk a request; a guest stream sends only while it has credit.
 */
import type { ReadableStream, ReadableStreamDefaultReader } from "../web/streams/streams.ts";
import { batchLimits, messageLimits } from "../../../sdk/limits.ts";
import { int, text } from "../../bridge/frame.ts";
import { bodyKind, fromGuest, type BodyOwner } from "../../bridge/protocol.ts";
import type { HostBody, OutgoingBody } from "../host-port.ts";
import { isArrayBuffer } from "../web/encoding/buffer-source.ts";
import { TextEncoder } from "../web/encoding/text-encoder.ts";
import type { GivenBuffer } from "./call-host.ts";
import type { Outbox } from "./outbox.ts";
import { messageOf } from "./thrown.ts";

const chunkBytesMax = messageLimits.bodyChunkBytesMax;
/** A chunk from this size on crosses by itself: a crossing costs less than the copy it saves. */
const crossAloneBytes = 32 * 1024;

const promiseThen = Promise.prototype.then;

interface Reader {
  readonly resolve: (chunk: Uint8Array | null) => void;
  readonly reject: (reason: Error) => void;
}

/** A body on the host's side, named by its owner. */
export class BridgeBody implements HostBody {
  readonly owner: BodyOwner;
  readonly id: number;
  readonly lengthBytes: number | undefined;
  readonly #bodies: HostBodies;
  #cancelled = false;

  constructor(bodies: HostBodies, reference: { owner: BodyOwner; id: number; lengthBytes: number | undefined }) {
    this.#bodies = bodies;
    this.owner = reference.owner;
    this.id = reference.id;
    this.lengthBytes = reference.lengthBytes;
  }

  read(): Promise<Uint8Array | null> {
    return this.#bodies.read(this);
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#bodies.cancel(this);
  }
}

/** Matches chunks that come back with the reads that asked for them. */
export class HostBodies {
  readonly #outbox: Outbox;
  readonly #readers = new Map<string, Reader>();

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  read(body: BridgeBody): Promise<Uint8Array | null> {
    return new Promise((resolve, reject) => {
      this.#readers.set(referenceOf(body), { resolve, reject });
      this.#outbox.write(fromGuest.readBody, referenceOf(body));
    });
  }

  cancel(body: BridgeBody): void {
    this.#outbox.write(fromGuest.cancelBody, referenceOf(body));
  }

  /** The reference of an owner and id as it stands in frames. */
  static reference(owner: BodyOwner, id: number): string {
    return int(owner) + int(id);
  }

  /** `chunk` null: the end. */
  deliver(reference: string, chunk: Uint8Array | null): void {
    const reader = this.#readers.get(reference);
    this.#readers.delete(reference);
    reader?.resolve(chunk);
  }

  fail(reference: string, message: string): void {
    const reader = this.#readers.get(reference);
    this.#readers.delete(reference);
    reader?.reject(new TypeError(message));
  }
}

/** The guest's own streams on their way out. */
export class OutgoingStreams {
  readonly #outbox: Outbox;
  readonly #encoder = new TextEncoder();
  readonly #streams = new Map<number, OutgoingStream>();
  #nextId = 1;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Registers a stream. */
  add(stream: ReadableStream, { onEnd, onStop }: StreamWatch): number {
    const id = this.#nextId++;
    this.#streams.set(id, {
      reader: stream.getReader(),
      credit: 0,
      pumping: false,
      stopped: false,
      onEnd,
      onStop,
    });
    return id;
  }

  credit(id: number, chunks: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.credit += chunks;
    if (!stream.pumping) void this.#pump(id, stream);
  }

  /** The other side reads no more. What the author's `cancel()` does still belongs to the invocation. */
  stop(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.stopped) return;
    stream.stopped = true;
    stream.onStop();
    const finish = (): void => {
      this.#finish(id, stream);
    };
    void promiseThen.call(stream.reader.cancel(new TypeError("The reader of this stream went away")), finish, finish);
  }

  async #pump(id: number, stream: OutgoingStream): Promise<void> {
    stream.pumping = true;
    try {
      while (stream.credit > 0 && !stream.stopped) {
        const result = await stream.reader.read();
        if (stream.stopped) return;
        if (result.done) {
          this.#outbox.write(fromGuest.end, int(id));
          this.#finish(id, stream);
          return;
        }
        this.#sendChunk(id, stream, this.#bytesOf(result.value));
      }
    } catch (error) {
      if (stream.stopped) return;
      this.#outbox.write(fromGuest.fail, int(id) + text(messageOf(error)));
      this.#finish(id, stream);
      stream.reader.cancel(error).catch(() => undefined);
    } finally {
      stream.pumping = false;
    }
  }

  #sendChunk(id: number, stream: OutgoingStream, bytes: Uint8Array): void {
    const { buffer } = bytes;
    if (bytes.byteLength >= crossAloneBytes && bytes.byteLength <= chunkBytesMax && isWhole(bytes, buffer)) {
      stream.credit -= 1;
      this.#outbox.sendWithBuffers(fromGuest.chunk, int(id), [buffer]);
      return;
    }
    // Copied here: the author may change or detach it before the batch leaves.
    for (let at = 0; at < bytes.byteLength; at += chunkBytesMax) {
      const part = bytes.slice(at, at + chunkBytesMax);
      stream.credit -= 1;
      this.#outbox.writeWithBuffers(fromGuest.chunk, int(id), [part.buffer]);
    }
  }

  #bytesOf(value: unknown): Uint8Array {
    if (value instanceof Uint8Array) return value;
    if (typeof value === "string") return this.#encoder.encode(value);
    throw new TypeError("A body stream must yield Uint8Array chunks");
  }

  #finish(id: number, stream: OutgoingStream): void {
    if (!this.#streams.delete(id)) return;
    stream.onEnd();
  }
}

/** What is to happen on the way of a stream. */
export interface StreamWatch {
  /** Called once when nothing of it goes on any more. */
  readonly onEnd: () => void;
  /** Called before that when its reader gave it up. */
  readonly onStop: () => void;
}

interface OutgoingStream extends StreamWatch {
  readonly reader: ReadableStreamDefaultReader;
  credit: number;
  pumping: boolean;
  stopped: boolean;
}

/** The bytes as a buffer of their own. They are the runtime's, out of the author's reach. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  return isWhole(bytes, buffer) ? buffer : new Uint8Array(bytes).buffer;
}

/** Whether the bytes are all of a buffer that can be handed over as it is: what the host gets is a copy of the whole buffer. */
function isWhole(bytes: Uint8Array, buffer: unknown): buffer is ArrayBuffer {
  return isArrayBuffer(buffer) && !buffer.resizable && buffer.byteLength === bytes.byteLength;
}

/** A body descriptor and the buffer that goes with it: bytes, or a text of which the host makes them. */
export interface DescribedBody {
  readonly payload: string;
  readonly buffer: GivenBuffer | null;
}

/** Describes an outgoing body; `watch` is told what becomes of it when it is a stream. */
export function describeBody(
  body: OutgoingBody,
  streams: OutgoingStreams,
  watch: StreamWatch = unwatched,
): DescribedBody {
  switch (body.kind) {
    case "empty":
      return { payload: int(bodyKind.empty), buffer: null };
    case "text":
      // A long one would hold all up that is said with it, in the front as well.
      if (body.text.length > batchLimits.bodyTextCharsMax) return { payload: int(bodyKind.bytes), buffer: body.text };
      return { payload: int(bodyKind.text) + text(body.text), buffer: null };
    case "bytes":
      return { payload: int(bodyKind.bytes), buffer: bufferOf(body.bytes) };
    case "stream":
      return {
        payload: int(bodyKind.stream) + int(streams.add(body.stream, watch)),
        buffer: null,
      };
    case "host": {
      const known = body.body.handOn?.() ?? body.body;
      if (!(known instanceof BridgeBody)) throw new TypeError("This body belongs to nobody");
      return { payload: int(bodyKind.host) + referenceOf(known), buffer: null };
    }
  }
}

/** The reference as it stands in frames. */
export function referenceOf(body: { readonly owner: BodyOwner; readonly id: number }): string {
  return HostBodies.reference(body.owner, body.id);
}

function ignore(): void {}

const unwatched: StreamWatch = { onEnd: ignore, onStop: ignore };
