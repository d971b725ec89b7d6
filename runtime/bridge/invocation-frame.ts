/**
 * The invocation as it crosses from front to guest: written once by the front, passed on unread by the engine, read by the guest.
 * Bodies stay with the front; the frame only says whether there is one and how long it is.
 */
import { hooks, type Hook } from "../../sdk/phase.ts";
import { frameIntMax, int, text, type FrameReader } from "./frame.ts";

/** What the guest gets to know of a body: null when empty, else its length (undefined when unknown). */
export type AnnouncedBody = { readonly lengthBytes: number | undefined } | null;

export interface InvocationFields {
  readonly phase: Hook;
  /** The instance's size that was asked for, MiB; 0: none was. For the engine. */
  readonly memoryMiB: number;
  readonly requestId: string;
  readonly method: string;
  readonly url: string;
  readonly headers: string;
  readonly body: AnnouncedBody;
  readonly clientIp: string;
  readonly domain: string;
  readonly rulePriority: number;
  readonly cacheStatus: string;
  /** `VERSION CIPHER SERVERNAME` of the client's TLS connection; "": not known. */
  readonly tls: string;
  readonly response: { readonly status: number; readonly headers: string; readonly body: AnnouncedBody } | null;
}

/** The payload after version number and invocation id. */
export function writeInvocation(fields: InvocationFields): string {
  const head =
    int(hooks.indexOf(fields.phase)) +
    int(fields.memoryMiB) +
    text(fields.requestId) +
    text(fields.method) +
    text(fields.url) +
    text(fields.headers) +
    writeAnnounced(fields.body) +
    text(fields.clientIp) +
    text(fields.domain) +
    int(fields.rulePriority) +
    text(fields.cacheStatus) +
    text(fields.tls);
  if (fields.response === null) return head + int(0);
  return (
    head + int(1) + int(fields.response.status) + text(fields.response.headers) + writeAnnounced(fields.response.body)
  );
}

/** Reads what `writeInvocation` wrote. */
export function readInvocation(reader: FrameReader): InvocationFields {
  return {
    phase: hooks[reader.int()] ?? "fetch",
    memoryMiB: reader.int(),
    requestId: reader.text(),
    method: reader.text(),
    url: reader.text(),
    headers: reader.text(),
    body: readAnnounced(reader),
    clientIp: reader.text(),
    domain: reader.text(),
    rulePriority: reader.int(),
    cacheStatus: reader.text(),
    tls: reader.text(),
    response: reader.int() === 0 ? null : { status: reader.int(), headers: reader.text(), body: readAnnounced(reader) },
  };
}

// 0: empty, 1: unknown length (or longer than a frame can say), else length + 2.
function writeAnnounced(body: AnnouncedBody): string {
  if (body === null) return int(0);
  const { lengthBytes } = body;
  return int(lengthBytes === undefined || lengthBytes + 2 > frameIntMax ? 1 : lengthBytes + 2);
}

function readAnnounced(reader: FrameReader): AnnouncedBody {
  const announced = reader.int();
  if (announced === 0) return null;
  return { lengthBytes: announced === 1 ? undefined : announced - 2 };
}
