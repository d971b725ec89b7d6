/** One answer of any size from loopback, counted and checked as it comes and not kept. */
import { request } from "node:http";
import { crc32 } from "node:zlib";

export interface Download {
  readonly url: string;
  readonly host: string;
  /** For the whole answer. */
  readonly deadlineMs: number;
}

export interface Downloaded {
  readonly status: number;
  readonly bytes: number;
  /** CRC-32 of the body. */
  readonly checksum: number;
  /** From sending the request to the last byte. */
  readonly totalMs: number;
}

/** @throws Error when the answer is not whole within the deadline. */
export function download(options: Download): Promise<Downloaded> {
  const { promise, resolve, reject } = Promise.withResolvers<Downloaded>();
  const startedAt = performance.now();
  const outgoing = request(options.url, {
    headers: { host: options.host },
    agent: false,
    signal: AbortSignal.timeout(options.deadlineMs),
  });
  outgoing.once("error", reject);
  outgoing.once("response", (incoming) => {
    let bytes = 0;
    let checksum = 0;
    incoming.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      checksum = crc32(chunk, checksum);
    });
    incoming.once("error", reject);
    incoming.once("end", () => {
      resolve({ status: incoming.statusCode ?? 0, bytes, checksum, totalMs: performance.now() - startedAt });
    });
  });
  outgoing.end();
  return promise;
}
