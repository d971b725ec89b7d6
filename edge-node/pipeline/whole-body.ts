/** A body as a whole, for those that cannot use it in parts. */
import type { Body } from "../../runtime/body.ts";

export type WholeBody =
  | { readonly kind: "whole"; readonly bytes: Buffer }
  | { readonly kind: "too-large" }
  | { readonly kind: "broken"; readonly message: string };

export interface WholeBodyOptions {
  readonly bytesMax: number;
  /** Asked before a chunk is kept: whether there is room for it. Default: there is. */
  readonly hasRoom?: (bytes: number) => boolean;
  /** Stops the reading. */
  readonly signal?: AbortSignal;
}

/** Reads to the end, or gives the source back. Never throws; the bytes are nobody else's. */
export async function readWholeBody(body: Body, options: WholeBodyOptions): Promise<WholeBody> {
  switch (body.kind) {
    case "empty":
      return { kind: "whole", bytes: Buffer.alloc(0) };
    case "text":
      return bounded(Buffer.from(body.text), options);
    case "bytes":
      return bounded(Buffer.from(body.bytes), options);
    default:
      return await readStream(body.chunks, options);
  }
}

function bounded(bytes: Buffer, { bytesMax, hasRoom = always }: WholeBodyOptions): WholeBody {
  if (bytes.byteLength > bytesMax || !hasRoom(bytes.byteLength)) return { kind: "too-large" };
  return { kind: "whole", bytes };
}

async function readStream(source: AsyncIterable<Uint8Array>, options: WholeBodyOptions): Promise<WholeBody> {
  const { bytesMax, hasRoom = always, signal } = options;
  const iterator = source[Symbol.asyncIterator]();
  const stopped = Promise.withResolvers<"stopped">();
  const stop = (): void => stopped.resolve("stopped");
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted === true) stop();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const step = await Promise.race([iterator.next(), stopped.promise]);
      if (step === "stopped") {
        giveBack(iterator);
        return { kind: "broken", message: "nobody waits for it any more" };
      }
      if (step.done === true) return { kind: "whole", bytes: Buffer.concat(chunks, bytes) };
      bytes += step.value.byteLength;
      if (bytes > bytesMax || !hasRoom(step.value.byteLength)) {
        giveBack(iterator);
        return { kind: "too-large" };
      }
      chunks.push(step.value);
    }
  } catch (error) {
    return { kind: "broken", message: error instanceof Error ? error.message : "the body broke off" };
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** What the source says to that does not matter any more. */
function giveBack(iterator: AsyncIterator<Uint8Array>): void {
  iterator.return?.().then(undefined, () => undefined);
}

function always(): boolean {
  return true;
}
