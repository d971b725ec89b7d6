/**
 * A body in another coding while it arrives: pulled by its reader, computed on libuv's threads, never far ahead.
 *
 * Invariants: a source that breaks off makes the reader throw, so that nobody takes the rest for whole; a reader that leaves gives the source up at
 * once, however silent that is. Of a body whose length is not known every chunk is let out at once: who sends one wants it to arrive.
 */
import zlib, { constants } from "node:zlib";
import type { Transform } from "node:stream";
import type { Body } from "../../runtime/body.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { ByteQueue } from "../pipeline/byte-queue.ts";
import type { Coding } from "./accept-encoding.ts";
import { zlibOptions } from "./zlib-options.ts";

type Coder = Transform & { flush(kind: number, callback?: () => void): void };

const coders: Readonly<Record<Coding, () => Coder>> = {
  br: () => zlib.createBrotliCompress(zlibOptions.br),
  zstd: () => zlib.createZstdCompress(zlibOptions.zstd),
  gzip: () => zlib.createGzip(zlibOptions.gzip),
};

const flushes: Readonly<Record<Coding, number>> = {
  br: constants.BROTLI_OPERATION_FLUSH,
  zstd: constants.ZSTD_e_flush,
  gzip: constants.Z_SYNC_FLUSH,
};

export function compressStream(
  body: Extract<Body, { kind: "stream" }>,
  { coding, onEnd }: { readonly coding: Coding; readonly onEnd: () => void },
): AsyncIterable<Uint8Array> {
  const coder = coders[coding]();
  const source = body.chunks[Symbol.asyncIterator]();
  const queue = new ByteQueue(
    {
      pause: () => coder.pause(),
      resume: () => coder.resume(),
      cancel: () => {
        coder.destroy();
        void source.return?.().catch(() => undefined);
      },
    },
    { bytesMax: messageLimits.bodyWindowBytes },
  );
  coder.on("data", (chunk: Buffer) => queue.push(chunk));
  coder.on("end", () => queue.end());
  coder.on("error", (error) => queue.fail(error));
  coder.once("close", onEnd);
  const flush = body.lengthBytes === undefined ? flushes[coding] : null;
  pump(source, { coder, flush }).catch((error: unknown) => {
    queue.fail(error);
    coder.destroy();
  });
  return queue;
}

async function pump(
  source: AsyncIterator<Uint8Array>,
  { coder, flush }: { readonly coder: Coder; readonly flush: number | null },
): Promise<void> {
  for (let item = await source.next(); item.done !== true && !coder.destroyed; item = await source.next()) {
    const hasRoom = coder.write(item.value);
    if (flush !== null) coder.flush(flush);
    if (!hasRoom) await drained(coder);
  }
  if (!coder.destroyed) coder.end();
}

function drained(coder: Coder): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      coder.off("drain", done);
      coder.off("close", done);
      resolve();
    };
    coder.on("drain", done);
    coder.on("close", done);
  });
}
