/**
 * Takes a body as it arrives and hands it to the log in pieces: a short one with its record at once, a long one block by block with the record
 * after them.
 *
 * What the disk has not taken yet is bounded, for this entry and for all of the front; a disk that cannot follow costs the entry, not the
 * client. Invariant: `commit` is called at most once, with every byte written in order.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import type { Clock } from "../../clock.ts";
import type { DiskWriter } from "./disk-store.ts";
import type { KeyHash } from "./key-hash.ts";
import { blockBytesAt, checksumOf, encodeRecord, recordBytesOf, type Block, type BodyName } from "./record-format.ts";
import type { Place } from "./record-format.ts";
import type { Piece } from "./segment-writer.ts";

/** Body bytes of all writers of the front that the disk has not taken. */
export interface UnwrittenBytes {
  bytes: number;
}

/** Whether the entry is visible now. Outdated: what stands there is to stay. */
export type CommitResult = "visible" | "outdated" | "refused";

export interface EntryWriterOptions {
  readonly hash: KeyHash;
  readonly key: Uint8Array;
  readonly head: Uint8Array;
  readonly body: BodyName;
  readonly bodyBytesMax: number;
  /** The record with its list of blocks. */
  readonly recordBytesMax: number;
  readonly unwritten: UnwrittenBytes;
  readonly clock: Clock;
  readonly append: (piece: Piece) => Promise<Place>;
  readonly commit: (place: Place) => Promise<CommitResult>;
  readonly onRefused: (reason: "size" | "slow" | "failed") => void;
}

const { inlineBodyBytesMax, unwrittenBytesMax, unwrittenBytesTotalMax, writeWaitMs } = diskCacheLimits;

export class EntryWriter implements DiskWriter {
  readonly #options: EntryWriterOptions;
  /** Blocks that are whole and not handed on, and the one being filled. */
  #whole: Buffer[] = [];
  #wholeBytes = 0;
  #filling: Buffer | null = null;
  #filled = 0;
  /** Of every block so far, in order; those handed on get their places when these are known. */
  readonly #checksums: number[] = [];
  readonly #handedOn: Promise<readonly Block[]>[] = [];
  #bodyBytes = 0;
  #unwritten = 0;
  #waitedMs = 0;
  #wake: (() => void) | null = null;
  #state: "open" | "refused" | "ended" = "open";

  constructor(options: EntryWriterOptions) {
    this.#options = options;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#state !== "open") return;
    this.#bodyBytes += chunk.byteLength;
    if (this.#bodyBytes > this.#options.bodyBytesMax) return this.#refuse("size");
    this.#count(chunk.byteLength);
    this.#copy(chunk);
    if (this.#isBehind()) await this.#waitForDisk();
  }

  async finish(): Promise<boolean> {
    if (this.#state !== "open") return false;
    if (this.#handedOn.length > 0) this.#closeBlock();
    if (this.#handedOn.length > 0 && this.#wholeBytes > 0) this.#handOn();
    try {
      const piece = await this.#lastPiece();
      if (this.#state !== "open") return false;
      if (piece.bytes > this.#options.recordBytesMax + inlineBodyBytesMax) {
        this.#refuse("size");
        return false;
      }
      const result = await this.#options.commit(await this.#options.append(piece));
      if (result === "refused") this.#refuse("failed");
      this.#end();
      return result === "visible";
    } catch {
      this.#refuse("failed");
      return false;
    }
  }

  async abort(): Promise<void> {
    this.#end();
  }

  /** Short bodies: record and body. Long ones: the record, as soon as all places are known. */
  async #lastPiece(): Promise<Piece> {
    const { hash, key, head, body } = this.#options;
    const entry = { hash, key, head, body, bodyBytes: this.#bodyBytes };
    if (this.#handedOn.length > 0) {
      const blocks = (await Promise.all(this.#handedOn)).flat();
      const record = encodeRecord({ ...entry, inlineBytes: 0, blocks });
      return { hash, parts: [record], bytes: record.byteLength };
    }
    this.#closeBlock();
    const blocks = placeOneAfterTheOther(
      this.#whole,
      { checksums: this.#checksums, first: 0 },
      { segment: 0, offset: 0 },
    );
    const record = encodeRecord({ ...entry, inlineBytes: this.#bodyBytes, blocks });
    return { hash, parts: [record, ...this.#whole], bytes: record.byteLength + this.#bodyBytes };
  }

  /** Gives the whole blocks to the log. */
  #handOn(): void {
    const { hash, key, head, append } = this.#options;
    const parts = this.#whole;
    const bytes = this.#wholeBytes;
    const first = this.#checksums.length - parts.length;
    this.#whole = [];
    this.#wholeBytes = 0;
    const sizes = { keyBytes: key.byteLength, headBytes: head.byteLength, blocks: this.#checksums.length };
    if (recordBytesOf(sizes) > this.#options.recordBytesMax) return this.#refuse("size");
    const places = append({ hash, parts, bytes }).then((place) => {
      this.#count(-bytes);
      return placeOneAfterTheOther(parts, { checksums: this.#checksums, first }, place);
    });
    places.catch(() => this.#refuse("failed"));
    this.#handedOn.push(places);
  }

  #copy(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength;) {
      const block = this.#roomFor(chunk.byteLength - at);
      const taken = chunk.subarray(at, at + block.byteLength - this.#filled);
      block.set(taken, this.#filled);
      this.#filled += taken.byteLength;
      at += taken.byteLength;
      if (this.#filled < blockBytesAt(this.#checksums.length)) continue;
      this.#closeBlock();
      if (this.#wholeBytes >= inlineBodyBytesMax && this.#bodyBytes > inlineBodyBytesMax) this.#handOn();
    }
  }

  /** The block being filled, grown when `bytes` more do not fit: a short body does not cost a whole block. */
  #roomFor(bytes: number): Buffer {
    const full = blockBytesAt(this.#checksums.length);
    const block = this.#filling;
    if (block !== null && (block.byteLength === full || block.byteLength >= this.#filled + bytes)) return block;
    const wanted = Math.max(this.#filled + bytes, (block?.byteLength ?? 0) * 2);
    const grown = Buffer.allocUnsafeSlow(Math.min(full, wanted));
    if (block !== null) grown.set(block.subarray(0, this.#filled));
    this.#filling = grown;
    return grown;
  }

  #closeBlock(): void {
    if (this.#filling === null || this.#filled === 0) return;
    const block = this.#filling.subarray(0, this.#filled);
    this.#checksums.push(checksumOf(block, this.#options.body));
    this.#whole.push(block);
    this.#wholeBytes += block.byteLength;
    this.#filling = null;
    this.#filled = 0;
  }

  #isBehind(): boolean {
    return this.#unwritten > unwrittenBytesMax || this.#options.unwritten.bytes > unwrittenBytesTotalMax;
  }

  async #waitForDisk(): Promise<void> {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    while (this.#state === "open" && this.#isBehind()) {
      const leftMs = writeWaitMs - this.#waitedMs - (clock.monotonicMs() - beganMs);
      // Waiting helps only while bytes of this entry are on their way.
      if (leftMs <= 0 || this.#handedOn.length === 0) return this.#refuse("slow");
      await new Promise<void>((resolve) => {
        const cancel = clock.after(leftMs, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
      this.#wake = null;
    }
    this.#waitedMs += clock.monotonicMs() - beganMs;
  }

  #count(bytes: number): void {
    if (this.#state !== "open") return;
    this.#unwritten += bytes;
    this.#options.unwritten.bytes += bytes;
    if (bytes < 0) this.#wake?.();
  }

  #refuse(reason: "size" | "slow" | "failed"): void {
    if (this.#state !== "open") return;
    this.#end();
    this.#state = "refused";
    this.#options.onRefused(reason);
  }

  /** What was handed on lies in the log without anything that leads to it. */
  #end(): void {
    if (this.#state !== "open") return;
    this.#count(-this.#unwritten);
    this.#state = "ended";
    this.#whole = [];
    this.#filling = null;
    this.#wake?.();
  }
}

function placeOneAfterTheOther(
  parts: readonly Buffer[],
  list: { readonly checksums: readonly number[]; readonly first: number },
  at: { readonly segment: number; readonly offset: number },
): readonly Block[] {
  let { offset } = at;
  return parts.map(({ byteLength: bytes }, index) => {
    const block = { segment: at.segment, offset, bytes, checksum: list.checksums[list.first + index] ?? 0 };
    offset += bytes;
    return block;
  });
}
