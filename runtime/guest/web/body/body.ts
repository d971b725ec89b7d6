/**
 * The body of one Request or Response: where its bytes are, and whether somebody took them.
 *
 * Lazy on purpose: a string stays a string, a body of the host stays there, and a ReadableStream is made only when `.body` is
 * touched. Invariant: the source is taken at most once (`take`); as long as the stream over it was not read, taking the source
 * directly and reading the stream are the same to an observer.
 */
import type { HostBody, OutgoingBody } from "../../host-port.ts";
import { concatBytes } from "../encoding/buffer-source.ts";
import { decodeUtf8, encodeUtf8 } from "../encoding/utf8.ts";
import { consumeStream, isDisturbed, ReadableStream, TransformStream } from "../streams/streams.ts";
import { readHostBody, streamOfHostBody } from "./host-body-stream.ts";

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
    return this.#taken || (this.#stream !== null && isDisturbed(this.#stream));
  }

  isUnusable(): boolean {
    return this.isUsed() || (this.#stream !== null && this.#stream.locked);
  }

  /** Hands the source over and marks the body as used. Throws a TypeError when it is used or locked. */
  take(where: string): BodySource {
    if (this.isUsed()) throw new TypeError(`Cannot ${where}: body already used`);
    if (this.#stream === null) {
      this.#taken = true;
      return this.#source;
    }
    if (this.#stream.locked) throw new TypeError(`Cannot ${where}: body stream is locked`);
    this.#taken = true;
    const source = sourceOfStream.get(this.#stream);
    if (source === undefined) return { kind: "stream", stream: this.#stream };
    consumeStream(this.#stream);
    return source;
  }

  /** A body for another message; this one is used then (Fetch: "create a proxy"). */
  move(where: string): Body {
    const source = this.take(where);
    if (source.kind !== "stream") return new Body(source);
    return new Body({ kind: "stream", stream: source.stream.pipeThrough(new TransformStream()) });
  }

  /** A second body with the same bytes. Throws a TypeError when this one is used or locked. */
  clone(where: string): Body {
    if (this.isUnusable()) throw new TypeError(`Cannot ${where}: body already used or locked`);
    if (this.#stream === null && (this.#source.kind === "text" || this.#source.kind === "bytes")) {
      return new Body(this.#source);
    }
    const [mine, other] = this.stream().tee();
    this.#stream = mine;
    this.#source = { kind: "stream", stream: mine };
    return new Body({ kind: "stream", stream: other });
  }

  async readText(where: string): Promise<string> {
    const source = this.take(where);
    if (source.kind === "text") return source.text.charCodeAt(0) === 0xfeff ? source.text.slice(1) : source.text;
    const text = decodeUtf8(await this.#readSource(source)) ?? "";
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  /** Bytes that belong to the caller. */
  async readBytes(where: string): Promise<Uint8Array<ArrayBuffer>> {
    const source = this.take(where);
    // Bytes given by the author may be shared with a clone.
    return source.kind === "bytes" ? new Uint8Array(source.bytes) : await this.#readSource(source);
  }

  async #readSource(source: BodySource): Promise<Uint8Array<ArrayBuffer>> {
    switch (source.kind) {
      case "text":
        return encodeUtf8(source.text);
      case "bytes":
        return source.bytes as Uint8Array<ArrayBuffer>;
      case "host":
        return await readHostBody(source.body);
      case "stream":
        return await readStream(source.stream);
    }
  }
}

/** The body of `stream`, or of what it reads from when it was made here. Throws a TypeError when it is locked or read. */
export function bodyOfStream(stream: ReadableStream<Uint8Array>, where: string): Body {
  if (isDisturbed(stream) || stream.locked) throw new TypeError(`Cannot ${where}: the stream is locked or was read`);
  return new Body({ kind: "stream", stream });
}

function streamOfSource(source: BodySource): ReadableStream<Uint8Array> {
  if (source.kind === "stream") return source.stream;
  const stream = source.kind === "host" ? streamOfHostBody(source.body) : streamOfBytes(source);
  sourceOfStream.set(stream, source);
  return stream;
}

/** One chunk, encoded when it is asked for. */
function streamOfBytes(source: Extract<BodySource, { kind: "text" | "bytes" }>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
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
  const stream = new ReadableStream<Uint8Array>({
    type: "bytes",
    start: (controller) => controller.close(),
  });
  consumeStream(stream);
  return stream;
}

async function readStream(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    if (!(step.value instanceof Uint8Array)) {
      const error = new TypeError("Cannot read the body: its stream delivered something that is not a Uint8Array");
      void reader.cancel(error).catch(() => undefined);
      throw error;
    }
    chunks.push(step.value);
  }
  return concatBytes(chunks);
}
