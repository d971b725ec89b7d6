/**
 * Undoes Content-Encoding for functions, as `fetch` does: the body decoded while it is read, the field and the length removed.
 *
 * They are removed although Fetch keeps them: a function that hands the answer on would otherwise describe bytes that are gone. An unknown
 * coding leaves the answer as it came. Invariant: nothing is decoded before it is asked for, decoding keeps back-pressure, and a damaged or
 * cut body makes the reader throw, and only the reader.
 */
import { pipeline, Readable, type Transform } from "node:stream";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";
import type { Body } from "../../runtime/body.ts";
import { deleteHeader, getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";

/** Makes a decoder for a body that begins with `first` (undefined for what is decoded after another coding). */
type CreateDecoder = (first: number | undefined) => Transform;

const decoders: Readonly<Record<string, CreateDecoder>> = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  // Some servers send bare DEFLATE data under this name (RFC 9110 §8.4.1.2); only zlib's header has 8 in these bits (RFC 1950 §2.2).
  deflate: (first) => (first === undefined || (first & 0x0f) === 8 ? createInflate() : createInflateRaw()),
  br: () => createBrotliDecompress(),
  // A window of at most 8 MiB (RFC 9659 §3).
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: 23 } }),
};
/** Codings applied one over the other; more is an attack on the decoder. */
const CODINGS_MAX = 5;

/** The codings this node asks for on behalf of functions. */
export const acceptedCodings = "gzip, deflate, br, zstd";

/** The message with its body decoded, or unchanged when there is nothing to decode or a coding is unknown. */
export function decodeContent(message: { readonly headers: HeaderText; readonly body: Body }): {
  readonly headers: HeaderText;
  readonly body: Body;
} {
  const codings = getAllHeaders(message.headers, "content-encoding")
    .join(",")
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  const { body } = message;
  if (codings.length === 0 || codings.length > CODINGS_MAX || body.kind !== "stream") return message;
  const chain: CreateDecoder[] = [];
  for (const coding of codings.toReversed()) {
    const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
    if (decoder === undefined) return message;
    chain.push(decoder);
  }
  const headers = deleteHeader(deleteHeader(message.headers, "content-encoding"), "content-length");
  const chunks = new DecodedChunks(body.chunks[Symbol.asyncIterator](), chain);
  return { headers, body: { kind: "stream", chunks, lengthBytes: undefined } };
}

const DONE: IteratorResult<Uint8Array, void> = { done: true, value: undefined };

/** Read once. The decoders exist from the first chunk on. */
class DecodedChunks implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, void> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #chain: readonly CreateDecoder[];
  #reader: Promise<AsyncIterator<Uint8Array> | null> | null = null;
  #stream: Readable | null = null;
  #closed = false;

  constructor(source: AsyncIterator<Uint8Array>, chain: readonly CreateDecoder[]) {
    this.#source = source;
    this.#chain = chain;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, void>> {
    this.#reader ??= this.#open();
    const reader = await this.#reader;
    return reader === null ? DONE : ((await reader.next()) as IteratorResult<Uint8Array, void>);
  }

  /** At any time, also while a read is under way: that read ends at once. */
  async return(): Promise<IteratorResult<Uint8Array, void>> {
    this.#closed = true;
    this.#stream?.destroy();
    await this.#source.return?.();
    return DONE;
  }

  /** Null for a body without a byte, which is no damage: servers name a coding there, too. */
  async #open(): Promise<AsyncIterator<Uint8Array> | null> {
    const first = await this.#source.next();
    if (first.done === true || this.#closed) return null;
    const decoders = this.#chain.map((create, index) => create(index === 0 ? first.value[0] : undefined));
    const compressed = Readable.from(startingWith(first.value, this.#source), { objectMode: false });
    // Passes failures down and the end of reading up. Its callback is what keeps a failure from being everybody's.
    const decoded = pipeline([compressed, ...decoders], () => undefined) as Transform;
    this.#stream = decoded;
    return decoded[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }
}

async function* startingWith(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield step.value;
  } finally {
    await rest.return?.();
  }
}
