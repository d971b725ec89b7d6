/**
 * An answer that goes on: a Fastify reply taken over as a `LineOutput`.
 *
 * Invariant: after `openLines` nothing else may answer the request; the connection ends with the output, and at the latest with the token.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { LineOutput } from "../rollout/line-output.ts";
import type { OpenAnswers } from "../tokens/open-answers.ts";

/** Sends status 200 and the head now. */
export function openLines(
  request: FastifyRequest,
  reply: FastifyReply,
  { openAnswers }: { readonly openAnswers: OpenAnswers },
): LineOutput {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    "content-type": "application/x-ndjson",
    "cache-control": "no-store",
    "x-request-id": request.id,
  });
  raw.flushHeaders();
  // The end of the connection is what "close" says; the reason is of no use here.
  raw.on("error", () => {});
  endWithToken(request, reply, { openAnswers });
  return {
    write: (line) => raw.destroyed || raw.write(`${line}\n`),
    onDrain: (listener) => {
      raw.on("drain", listener);
    },
    onClose: (listener) => {
      if (raw.destroyed) queueMicrotask(listener);
      else raw.once("close", listener);
    },
    close: () => {
      raw.destroy();
    },
  };
}

/** Cuts the answer off when the token it was asked for with is revoked. */
export function endWithToken(
  request: FastifyRequest,
  { raw }: FastifyReply,
  { openAnswers }: { readonly openAnswers: OpenAnswers },
): void {
  const over = openAnswers.add(request.caller?.tokenId ?? "", () => {
    raw.destroy();
  });
  if (raw.destroyed) over();
  else raw.once("close", over);
}
