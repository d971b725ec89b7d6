/**
 * A stream read to its end (https://streams.spec.whatwg.org/#readablestreamdefaultreader-read-all-bytes).
 *
 * Invariant: no chunk passes through a promise, so that what is read is what the stream holds whatever user code put on Object.prototype.
 */
import { concatBytes, typedArrayName } from "../../web/encoding/buffer-source.ts";
import type { ReadableStream } from "web-streams-polyfill";
import { type Whole, wholeOf } from "../../web/body/whole.ts";
import { DirectReader, type ReadSteps } from "./direct-reader.ts";

/** Locks the stream. Rejects with its error, or with a TypeError when a chunk is not a Uint8Array. */
export function readStream(stream: ReadableStream<unknown>): Promise<Whole> {
  return new Promise((resolve, reject) => {
    const reader = new DirectReader(stream);
    const chunks: Uint8Array[] = [];
    let isReading = false;
    let isWanted = false;
    const steps: ReadSteps = {
      _chunkSteps(chunk) {
        if (typedArrayName(chunk) !== "Uint8Array") {
          const error = new TypeError("Cannot read the body: its stream delivered something that is not a Uint8Array");
          reject(error);
          reader.cancel(error).catch(() => undefined);
          return;
        }
        chunks.push(chunk as Uint8Array);
        readNext();
      },
      _closeSteps() {
        resolve(wholeOf(concatBytes(chunks)));
      },
      _errorSteps: reject,
    };
    // A chunk that was queued comes before `read` returns: a loop, because a queue may be longer than the stack.
    const readNext = (): void => {
      isWanted = true;
      if (isReading) return;
      isReading = true;
      while (isWanted) {
        isWanted = false;
        reader.read(steps);
      }
      isReading = false;
    };
    readNext();
  });
}
