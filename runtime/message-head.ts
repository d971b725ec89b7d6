/**
 * The head of a message on a stream: payload length, text length (in characters, highest bit: two bytes each), number of buffers, length of
 * each buffer (all u32 LE), then the text. The buffers' bytes follow it.
 *
 * Pure. Invariant: nothing is allocated for a head whose text and buffers are not exactly its payload, or whose payload is beyond the bounds.
 */
import { FrameError, frameIntMax } from "./bridge/frame.ts";
import type { Sendable } from "./link.ts";

/** Bytes before the buffers' lengths. */
export const headerBytes = 12;
/** A whole message. Its sender keeps well below. */
export const messageBytesMax: number = 512 * 1024 * 1024;
export const messageBuffersMax = 262_144;
const wideFlag = 0x8000_0000;
// eslint-disable-next-line no-control-regex -- asks whether any character needs two bytes
const beyondLatin1 = /[^\0-\xff]/;

/** Bytes before the first buffer; 0 while fewer than `headerBytes` are there. @throws FrameError when no message begins so. */
export function lengthOfHead(data: Buffer): number {
  if (data.byteLength < headerBytes) return 0;
  const end = headerBytes + data.readUInt32LE(0);
  const textField = data.readUInt32LE(4);
  const count = data.readUInt32LE(8);
  const chars = textField >= wideFlag ? textField - wideFlag : textField;
  if (end > messageBytesMax || chars > frameIntMax) throw new FrameError("the message is longer than allowed");
  if (count > messageBuffersMax) throw new FrameError("the message has more buffers than allowed");
  const length = headerBytes + 4 * count + (textField >= wideFlag ? chars * 2 : chars);
  if (count === 0 ? length !== end : length > end) throw new FrameError("the text is not the message's payload");
  return length;
}

/** The text of a head that has arrived whole. */
export function textOfHead(data: Buffer, headLength: number): string {
  const wide = data.readUInt32LE(4) >= wideFlag;
  return data.toString(wide ? "utf16le" : "latin1", headerBytes + 4 * data.readUInt32LE(8), headLength);
}

/** Empty buffers, each with memory of its own, for a head that has arrived whole. @throws FrameError when they are not the rest of the payload. */
export function buffersOfHead(data: Buffer, headLength: number): Buffer[] {
  const lengthsEnd = headerBytes + 4 * data.readUInt32LE(8);
  let left = headerBytes + data.readUInt32LE(0) - headLength;
  for (let at = headerBytes; at < lengthsEnd; at += 4) left -= data.readUInt32LE(at);
  if (left !== 0) throw new FrameError("the buffers are not the rest of the message's payload");
  const buffers: Buffer[] = [];
  // Not from the pool, and filled before anybody sees them.
  for (let at = headerBytes; at < lengthsEnd; at += 4) buffers.push(Buffer.allocUnsafeSlow(data.readUInt32LE(at)));
  return buffers;
}

/** All of a message but its buffers' bytes. */
export function encodeHead(text: string, buffers: readonly Sendable[]): Buffer {
  const wide = beyondLatin1.test(text);
  const textBytes = wide ? text.length * 2 : text.length;
  const start = headerBytes + 4 * buffers.length;
  const head = Buffer.allocUnsafe(start + textBytes);
  let bodyBytes = 0;
  for (const [index, buffer] of buffers.entries()) {
    head.writeUInt32LE(buffer.byteLength, headerBytes + 4 * index);
    bodyBytes += buffer.byteLength;
  }
  head.writeUInt32LE(start - headerBytes + textBytes + bodyBytes, 0);
  head.writeUInt32LE(wide ? text.length + wideFlag : text.length, 4);
  head.writeUInt32LE(buffers.length, 8);
  if (wide) head.write(text, start, "utf16le");
  else head.write(text, start, "latin1");
  return head;
}
