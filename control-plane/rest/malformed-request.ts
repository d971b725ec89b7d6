/**
 * The last word to a connection whose bytes are not HTTP, or came too slowly: an `ErrorBody`, then its end.
 *
 * No route and no hook has seen such a request, so there is nothing to log it with but its own id.
 */
import type { Socket } from "node:net";
import { describeError, type ErrorBody, type ErrorCode } from "../../sdk/error-code.ts";

/** Answers and closes. `reason` is the code of Node's parser, for example `HPE_HEADER_OVERFLOW`. */
export function refuseMalformed(
  socket: Socket,
  { reason, requestId }: { readonly reason: string; readonly requestId: string },
): void {
  if (!socket.writable || reason === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const code: ErrorCode = reason === "HPE_HEADER_OVERFLOW" ? "REQUEST_HEADERS_TOO_LARGE" : "REQUEST_MALFORMED";
  const { status, text } = describeError(code);
  const answer: ErrorBody = { error: { code, message: text, requestId } };
  const body = JSON.stringify(answer);
  socket.end(
    `HTTP/1.1 ${String(status)} Refused\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
  );
}
