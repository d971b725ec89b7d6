/**
 * The body of one Request or Response: where its bytes are, and whether somebody took them.
 *
 * Lazy on purpose: a string stays a string, a body of the host stays there, and a ReadableStream is made only when `.body` is
 * touched. Invariant: the source is taken at most once (`take`); as long as the stream over it was not read, taking the source
 * directly and reading the stream are the same to an observer.
 */
import type { HostBody, OutgoingBody } from "../../host-port.ts";
import { decodeUtf8, encodeUtf8 } from "../encoding/utf8.ts";
import { type ReadableStream, streams } from "../streams/streams.ts";
import { readHostBody } from "./read-host-body.ts";
import { type Whole, wholeOf } from "./whole.ts";

export type BodySource = Exclude<OutgoingBody, { readonly kind: "empty" }>;

/** What the streams made here read from, so that a stream handed to another message leads back to its source. */
const sourceOfStream = new WeakMap<ReadableStream<Uint8Array>, BodySource>();

export class Body {
  #source: BodySource;
  #stream: ReadableStream<Uint8Array> | null = null;
  #taken = false;

  constructor(source: BodySource) {
    this.#source = source;
    if (source.kind === "stream") this.#stream = source.stream;
  }

  static ofHost(body: HostBody): Body {
    return new Body({ kind: "host", body });
  }

  /** The stream over the body, made when first asked for. */
  stream(): ReadableStream<Uint8Array> {
    if (this.#stream !== null) return this.#stream;
    this.#stream = this.#taken ? takenStream() : streamOfSource(this.#source);
    return this.#stream;
  }

  isUsed(): boolean {
    return this.#taken || (this.#stream !== null && streams().isDisturbed(this.#stream));
  }

  isUnusable(): boolean {
    return this.isUsed() || (this.#stream !== null && this.#stream.locked);
  }

  /** Throws what reads of this body fail with, once they can only fail: then it matters no more whether it was used. */
  refuseBroken(): void {
    const source = this.#source;
    if (source.kind !== "host") return;
    const { broken } = source.body;
    if (broken !== undefined && broken !== null) throw broken.reason;
  }

  /** Gives the body up for `reason`: its stream is cancelled, and it is used. Harmless when somebody reads it. */
  abandon(reason: unknown): void {
    if (this.isUnusable()) return;
    const source = this.take("give a body up");
    if (source.kind === "stream") source.stream.cancel(reason).catch(() => undefined);
    else if (source.kind === "host") source.body.cancel();
  }

  /** Hands the source over and marks the body as used. Throws a TypeError when it is used or locked. */
  take(where: string): BodySource {
    this.refuseBroken();
    if (this.isUsed()) throw new TypeError(`Cannot ${where}: body already used`);
    if (this.#stream === null) {
      this.#taken = true;
      return this.#source;
    }
    if (this.#stream.locked) throw new TypeError(`Cannot ${where}: body stream is locked`);
    this.#taken = true;
    const source = sourceOfStream.get(this.#stream);
    if (source === undefined) return { kind: "stream", stream: this.#stream };
    streams().consumeStream(this.#stream);
    return source;
  }

  /** A body for another message; this one is used then (Fetch: "create a proxy"). */
  move(where: string): Body {
    const source = this.take(where);
    if (source.kind !== "stream") return new Body(source);
    return new Body({ kind: "stream", stream: source.stream.pipeThrough(new (streams().TransformStream)()) });
  }

  /** A second body with the same bytes. Throws a TypeError when this one is used or locked. */
  clone(where: string): Body {
    if (this.isUnusable()) throw new TypeError(`Cannot ${where}: body already used or locked`);
    if (this.#stream === null && (this.#source.kind === "text" || this.#source.kind === "bytes")) {
      return new Body(this.#source);
    }
    const [mine, other] = streams().cloneStream(this.stream());
    this.#stream = mine;
    this.#source = { kind: "stream", stream: mine };
    return new Body({ kind: "stream", stream: other });
  }

  async readText(where: string): Promise<string> {
    const source = this.take(where);
    if (source.kind === "text") return source.text.charCodeAt(0) === 0xfeff ? source.text.slice(1) : source.text;
    const { bytes } = await readSource(source);
    const text = decodeUtf8(bytes) ?? "";
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  /** Bytes that belong to the caller. */
  async readWhole(where: string): Promise<Whole> {
    return await readSource(this.take(where));
  }
}

async function readSource(source: BodySource): Promise<Whole> {
  switch (source.kind) {
    case "text":
      return wholeOf(encodeUtf8(source.text));
    case "bytes":
      // Bytes given by the author may be shared with a clone.
      return wholeOf(new Uint8Array(source.bytes));
    case "host":
      return wholeOf(await readHostBody(source.body));
    case "stream":
      return await streams().readStream(source.stream);
  }
}

/** The body of `stream`, or of what it reads from when it was made here. Throws a TypeError when it is locked or read. */
export function bodyOfStream(stream: ReadableStream<Uint8Array>, where: string): Body {
  if (streams().isDisturbed(stream) || stream.locked)
    throw new TypeError(`Cannot ${where}: the stream is locked or was read`);
  return new Body({ kind: "stream", stream });
}

function streamOfSource(source: BodySource): ReadableStream<Uint8Array> {
  if (source.kind === "stream") return source.stream;
  const stream = source.kind === "host" ? streams().streamOfHostBody(source.body) : streamOfBytes(source);
  sourceOfStream.set(stream, source);
  return stream;
}

/** One chunk, encoded when it is asked for. */
function streamOfBytes(source: Extract<BodySource, { kind: "text" | "bytes" }>): ReadableStream<Uint8Array> {
  return new (streams().ReadableStream)<Uint8Array>(
    {
      type: "bytes",
      pull(controller) {
        const bytes = source.kind === "text" ? encodeUtf8(source.text) : new Uint8Array(source.bytes);
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
        controller.byobRequest?.respond(0);
      },
    },
    { highWaterMark: 0 },
  );
}

/** What `.body` is after the source was taken without a stream: locked, as reading to the end leaves it. */
function takenStream(): ReadableStream<Uint8Array> {
  const stream = new (streams().ReadableStream)<Uint8Array>({
    type: "bytes",
    start: (controller) => controller.close(),
  });
  streams().consumeStream(stream);
  return stream;
}
