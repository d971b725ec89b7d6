/**
 * Several parts of a whole answer in one message: multipart/byteranges (RFC 9110 §14.6, §15.3.7.2).
 *
 * Knows which parts, not why. Invariants: the length is known beforehand; the parts together are no longer than the whole, so that a message is
 * longer than it by the parts' own fields only.
 */
import { filterHeaders, getHeader } from "../../sdk/header-text.ts";
import type { ByteRange } from "../cache/byte-range.ts";
import { cutParts } from "./cut-body.ts";
import type { ResponseMessage } from "./exchange.ts";

export interface MultipartRequest {
  /** Of `bytes` bytes, in the order of the body, none overlapping another. */
  readonly ranges: readonly ByteRange[];
  readonly bytes: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

/** The parts of `whole`, whose body they take over. */
export function multipartAnswer(whole: ResponseMessage, { ranges, bytes, random }: MultipartRequest): ResponseMessage {
  const boundary = boundaryFrom(random);
  const type = getHeader(whole.headers, "content-type");
  const typeLine = type === undefined ? "" : `Content-Type: ${type}\r\n`;
  const parts = ranges.map((range, index) => {
    const line = index === 0 ? `--${boundary}` : `\r\n--${boundary}`;
    const fields = `${typeLine}Content-Range: bytes ${range.from}-${range.to - 1}/${bytes}\r\n`;
    // Fields are bytes, which strings hold as Latin-1.
    return { range, before: Buffer.from(`${line}\r\n${fields}\r\n`, "latin1") };
  });
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const lengthBytes = parts.reduce(
    (sum, { range, before }) => sum + before.byteLength + range.to - range.from,
    end.byteLength,
  );
  const others = filterHeaders(whole.headers, (name) => name !== "content-type" && name !== "content-range");
  return {
    status: 206,
    headers: `${others}content-type:multipart/byteranges; boundary=${boundary}\n`,
    body: { kind: "stream", chunks: cutParts(whole.body, parts, end), lengthBytes },
  };
}

/** 120 bits: nobody who wrote the body could know it. */
function boundaryFrom(random: () => number): string {
  const word = (): string =>
    Math.floor(random() * 2 ** 30)
      .toString(36)
      .padStart(6, "0");
  return `${word()}${word()}${word()}${word()}`;
}
