/**
 * Writes an answer to a client: head, then the body no faster than the client reads it.
 *
 * Framing is decided here and nowhere else: a length when it is known, chunked when not or when a streamed answer is the connection's last, none for
 * HEAD, 204 and 304. Invariants: a body that breaks off or has another length than it said ends in a broken connection, never in a message that
 * looks complete; no request is taken from a connection whose last answer was sent.
 */
import type { Body } from "../../runtime/body.ts";
import { releaseMemory } from "../../runtime/release-memory.ts";
import { getHeader, type HeaderText } from "../../sdk/header-text.ts";
import { bodyLengthBytes } from "../pipeline/body-length.ts";
import { discardBody } from "../pipeline/discard-body.ts";
import { sentFields, type NodeFields, type ResponseMessage } from "../pipeline/exchange.ts";
import { blockOf, fieldBlock, isAsciiText, type FieldBlock } from "../pipeline/written-fields.ts";
import type { UwsResponse } from "../uws.ts";
import type { SendOptions } from "./request-intake.ts";
import type { ServedRequest } from "./served-request.ts";
import { statusLine } from "./status-line.ts";

/** Larger bodies are handed over piece by piece as the client takes them, instead of being copied into its send buffer. */
const WHOLE_BYTES_MAX = 262_144;

/** Sends `answer`; resolves when it was handed over or the client is gone. Never rejects because of the client. */
export function sendAnswer(served: ServedRequest, answer: ResponseMessage, options: SendOptions): Promise<void> | null {
  const { body, status } = answer;
  if (served.isOver) return discardBody(body);
  if (options.method === "HEAD" || status === 204 || status === 304) return sendHead(served, answer, options);
  if (body.kind === "stream") {
    const lent = sendLent(served, { answer, body }, options);
    if (lent !== null) return lent.sending;
  }
  const large = body.kind === "bytes" && body.bytes.byteLength > WHOLE_BYTES_MAX;
  if (body.kind === "stream" || large) return sendStream(served, answer, options);
  if (served.isCorked) return sendWhole(served, answer, options);
  let sending: Promise<void> | null = null;
  served.response.cork(() => {
    sending = sendWhole(served, answer, options);
  });
  return sending;
}

/** A stream that is at hand, in one piece. Null: it is not, and nothing was sent. */
function sendLent(
  served: ServedRequest,
  { answer, body }: { readonly answer: ResponseMessage; readonly body: Extract<Body, { kind: "stream" }> },
  options: SendOptions,
): { readonly sending: Promise<void> | null } | null {
  const { lendWhole, lengthBytes } = body;
  if (lendWhole === undefined || lengthBytes === undefined || lengthBytes > WHOLE_BYTES_MAX) return null;
  let sending: Promise<void> | null = null;
  const isSent = lendWhole((bytes) => {
    const whole: ResponseMessage = { ...answer, body: { kind: "bytes", bytes } };
    const send = (): void => {
      sending = sendWhole(served, whole, { ...options, isLent: true });
    };
    if (served.isCorked) send();
    else served.response.cork(send);
  });
  return isSent ? { sending } : null;
}

/** `isLent`: the bytes are others' when this returns. */
function sendWhole(
  served: ServedRequest,
  answer: ResponseMessage,
  options: SendOptions & { readonly isLent?: boolean },
): Promise<void> | null {
  const { response } = served;
  const { body } = answer;
  writeHead(response, answer, served);
  const content = body.kind === "text" ? body.text : body.kind === "bytes" ? body.bytes : "";
  const length = bodyLengthBytes(body) ?? 0;
  served.sentBytes = length;
  const isLast = options.isLast || served.isEarly;
  if (length > 0 && !isLast) return served.endWhole(content, { total: length, isLent: options.isLent === true });
  const mustClose = isLast || served.endsWith(headBytes(answer));
  served.ending();
  response.end(content, mustClose);
  return null;
}

/** About as long as it gets. */
function headBytes({ headers }: ResponseMessage): number {
  return headers.length + 200;
}

function sendHead(served: ServedRequest, answer: ResponseMessage, options: SendOptions): Promise<void> {
  const { response } = served;
  response.cork(() => {
    const length = options.method === "HEAD" && answer.status !== 204 ? headLength(answer) : undefined;
    const mustClose = options.isLast || served.isEarly || served.endsWith(headBytes(answer));
    if (length === undefined && mustClose) {
      // Told to close without a length, the library would invent one.
      writeFarewell(response, { answer, isFirst: !served.hasInformed });
      served.leave();
      return;
    }
    served.ending();
    writeHead(response, answer, served);
    if (length === undefined) response.endWithoutBody();
    else response.endWithoutBody(length, mustClose);
  });
  return discardBody(answer.body);
}

/** What GET would have said: the body's own length, or the one the origin named for the body it did not send. */
export function headLength({ body, headers }: ResponseMessage): number | undefined {
  const known = body.kind === "empty" ? undefined : bodyLengthBytes(body);
  if (known !== undefined) return known;
  const named = getHeader(headers, "content-length");
  return named !== undefined && /^\d{1,15}$/.test(named) ? Number(named) : undefined;
}

async function sendStream(served: ServedRequest, answer: ResponseMessage, options: SendOptions): Promise<void> {
  const { response } = served;
  const lengthBytes = bodyLengthBytes(answer.body);
  const mustLeave = options.isLast && !served.isClosedByLibrary;
  // What the library ends by its length leaves the connection open, and it cannot be told otherwise.
  const total = mustLeave ? undefined : lengthBytes;
  response.cork(() => {
    writeHead(response, answer, served);
    if (options.isLast) response.writeHeader("connection", "close");
  });
  const iterator = chunksOf(answer.body)[Symbol.asyncIterator]();
  const givesChunks = answer.body.kind === "stream" && answer.body.givesChunks === true;
  const giveUp = (): void => void iterator.return?.().catch(() => undefined);
  served.source = { giveUp };
  let sent = 0;
  try {
    for (let item = await iterator.next(); item.done !== true && !served.isOver; item = await iterator.next()) {
      const chunk = item.value;
      if (chunk.byteLength === 0) continue;
      sent += chunk.byteLength;
      if (lengthBytes !== undefined && sent > lengthBytes) break;
      await (total === undefined ? served.write(chunk) : served.writeSized(chunk, total));
      served.sentBytes = sent;
      // The library has copied what the client did not take.
      if (givesChunks) releaseMemory(chunk);
    }
  } catch {
    served.breakOff();
    return;
  }
  const isWhole = lengthBytes === undefined || sent === lengthBytes;
  if (isWhole && !served.isOver) endStream(served, { sent, total, mustLeave: mustLeave || served.isEarly });
  else {
    await iterator.return?.();
    served.breakOff();
  }
}

/** Ends what `write` wrote, or an answer that has nothing to write; one of a length is over with its last byte. */
function endStream(
  served: ServedRequest,
  {
    sent,
    total,
    mustLeave,
  }: { readonly sent: number; readonly total: number | undefined; readonly mustLeave: boolean },
): void {
  const { response } = served;
  response.cork(() => {
    if (total !== undefined || !mustLeave) response.end(total === undefined ? undefined : "", served.ending());
    else {
      writeLastChunk(response, { isFirst: sent === 0 });
      served.leave();
    }
  });
}

/** A stream's own iterator: it can be given up while it is waited for, which a generator around it could not. */
export function chunksOf(body: Body): AsyncIterable<Uint8Array> {
  return body.kind === "stream" ? body.chunks : wholeBody(body);
}

async function* wholeBody(body: Body): AsyncGenerator<Uint8Array, void> {
  if (body.kind === "bytes") yield body.bytes;
}

/** Writes status line and fields; those of the connection and the library's own are left out. */
export function writeHead(
  response: UwsResponse,
  answer: Pick<ResponseMessage, "status" | "headers" | "written" | "node">,
  before: { readonly hasInformed: boolean } = nothingBefore,
): void {
  const { first, rest, isAscii } = withNodeFields(blockOf(answer.headers, answer.written), answer.node);
  const fields = isAscii ? rest : Buffer.from(rest, "latin1");
  if (before.hasInformed) {
    // The library's own status line began what was sent before; every answer has a field that the next one can stand in front of.
    response.writeHeader(`HTTP/1.1 ${statusLine(answer.status)}\r\n${first}`, fields);
    return;
  }
  // 200 is what the library writes by itself.
  if (answer.status !== 200) response.writeStatus(statusLine(answer.status));
  if (first !== "") response.writeHeader(first, fields);
}

function withNodeFields({ first, rest, isAscii }: FieldBlock, node: NodeFields | undefined): FieldBlock {
  if (node === undefined) return { first, rest, isAscii };
  const { requestId, cacheStatus } = node;
  const own = `${requestId}\r\ncache-status: ${cacheStatus}`;
  return {
    first: first === "" ? "x-request-id" : first,
    rest: first === "" ? own : `${rest}\r\nx-request-id: ${own}`,
    isAscii: isAscii && node.isAscii,
  };
}

const nothingBefore = { hasInformed: false } as const;

/** Writes a whole head that asks the client to leave; for the library there is no answer yet. */
function writeFarewell(
  response: UwsResponse,
  { answer, isFirst }: { readonly answer: ResponseMessage; readonly isFirst: boolean },
): void {
  const { first, rest } = fieldBlock(sentFields(answer));
  const line = statusLine(answer.status);
  const fields = first === "" ? "" : `${first}: ${rest}\r\n`;
  if (isFirst) response.writeStatus(latin1(`${line}\r\nconnection: close\r\n${fields}`));
  else response.writeHeader(`HTTP/1.1 ${line}\r\nconnection`, latin1(`close\r\n${fields}`));
}

/**
 * Ends a chunked answer; for the library it goes on, so that it takes no further request. Told to close the connection with it, the library would
 * write that into the midst of the chunks. All that it writes as it is are fields, so that a trailer has to come with it (RFC 9112 §7.1.2).
 */
function writeLastChunk(response: UwsResponse, { isFirst }: { readonly isFirst: boolean }): void {
  if (isFirst) response.writeHeader("transfer-encoding", "chunked");
  response.writeHeader("\r\n0\r\nx-end", "1\r\n");
}

/** Writes a whole head of an informational answer, which the library knows nothing of. */
export function writeInformation(
  response: UwsResponse,
  said: { readonly status: number; readonly headers: HeaderText; readonly isFirst: boolean },
): void {
  const { first, rest } = fieldBlock(said.headers);
  const line = statusLine(said.status);
  const fields = first === "" ? "" : `${first}: ${rest}\r\n`;
  // The line's end that the library puts after a status or a field ends the head.
  if (said.isFirst) response.writeStatus(latin1(`${line}\r\n${fields}`));
  else if (first !== "") response.writeHeader(`HTTP/1.1 ${line}\r\n${first}`, latin1(`${rest}\r\n`));
}

/** The library writes strings as UTF-8; the fields' bytes are Latin-1. */
function latin1(text: string): string | Buffer {
  return isAsciiText(text) ? text : Buffer.from(text, "latin1");
}
