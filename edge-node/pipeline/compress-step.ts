/**
 * Compresses the answer for this client as the domain's `compress` says: after everything that could still change it.
 *
 * The whole of an answer from the cache that nobody changed is compressed once and kept (compressor.ts). Invariants: HEAD says what GET would, but for
 * the length, which is not known before the work is done; a 304 says of the answer what it said when it was sent (RFC 9110 §15.4.5).
 */
import type { Body } from "../../runtime/body.ts";
import { getHeader } from "../../sdk/header-text.ts";
import {
  compressedHeaders,
  confirmedHeaders,
  varyingHeaders,
  type CompressionRule,
} from "../compression/compression-rule.ts";
import type { Coding } from "../compression/accept-encoding.ts";
import type { Exchange, ResponseMessage } from "./exchange.ts";
import { bodyLengthBytes } from "./body-length.ts";
import { representationOf } from "./present-answer.ts";
import type { Services } from "./services.ts";
import type { StepName } from "./steps.ts";

export function compressAnswer(services: Services, exchange: Exchange): StepName | Promise<StepName> {
  const rule = exchange.domain?.compression;
  const { response } = exchange;
  if (rule === undefined || rule === null || response === null) return afterCompression(exchange);
  if (response.status === 304) return confirm(exchange, rule, response);
  const { client } = exchange;
  const coding = rule.decide({
    status: response.status,
    headers: response.headers,
    lengthBytes: lengthOf(exchange, response),
    path: client.url.path,
    requestHeaders: client.headers,
  });
  if (coding === undefined) return afterCompression(exchange);
  if (coding === null) return asItIs(exchange, response);
  if (client.method === "HEAD") return become(exchange, response, { coding, body: response.body });
  const { body } = response;
  if (body.kind === "empty") return asItIs(exchange, response);
  const stored = exchange.cacheNote.kind === "hit" ? identityOf(body) : undefined;
  const found = stored === undefined ? undefined : services.compressor.found(stored, coding);
  if (found !== undefined) return become(exchange, response, { coding, body: { kind: "bytes", bytes: found } });
  const bytes = wholeOf(body);
  if (bytes !== undefined) return compressWhole(services, exchange, { response, coding, bytes, stored });
  if (body.kind !== "stream") return asItIs(exchange, response);
  const compressed = services.compressor.stream(body, coding);
  return compressed === null ? asItIs(exchange, response) : become(exchange, response, { coding, body: compressed });
}

/** The client has the answer already, as it would be sent now; one that the origin alone knows is judged by what the 304 says of it. */
function confirm(exchange: Exchange, rule: CompressionRule, response: ResponseMessage): StepName {
  const { client, unsent } = exchange;
  const coding = rule.decide({
    status: unsent?.status ?? 200,
    headers: unsent === null ? response.headers : response.headers + representationOf(unsent.headers),
    lengthBytes: unsent === null ? undefined : lengthOf(exchange, unsent),
    path: client.url.path,
    requestHeaders: client.headers,
  });
  if (coding === undefined) return afterCompression(exchange);
  if (coding === null) return asItIs(exchange, response);
  exchange.response = { ...response, headers: confirmedHeaders(response.headers) };
  return afterCompression(exchange);
}

/** What stands for the bytes of a stored answer that nobody changed. */
function identityOf(body: Body): object | undefined {
  if (body.kind === "bytes") return body.bytes;
  return body.kind === "stream" ? body.identity : undefined;
}

/** The body, if it need not be waited for and what is made of it will be used again; a stream that is given out so is left as it was. */
function wholeOf(body: Body): Uint8Array | undefined {
  if (body.kind === "text") return Buffer.from(body.text);
  if (body.kind === "bytes") return body.bytes;
  if (body.kind !== "stream" || body.identity === undefined) return undefined;
  let copy: Uint8Array | undefined;
  body.lendWhole?.((bytes) => {
    copy = bytes.slice();
  });
  return copy;
}

interface Whole {
  readonly response: ResponseMessage;
  readonly coding: Coding;
  readonly bytes: Uint8Array;
  /** Undefined: it is sent once. */
  readonly stored: object | undefined;
}

async function compressWhole(
  { compressor }: Services,
  exchange: Exchange,
  { response, coding, bytes, stored }: Whole,
): Promise<StepName> {
  const made = await (stored === undefined
    ? compressor.once(bytes, coding)
    : compressor.stored({ identity: stored, bytes }, coding));
  return made === null
    ? asItIs(exchange, response)
    : become(exchange, response, { coding, body: { kind: "bytes", bytes: made } });
}

function asItIs(exchange: Exchange, response: ResponseMessage): StepName {
  exchange.response = { ...response, headers: varyingHeaders(response.headers) };
  return afterCompression(exchange);
}

function become(
  exchange: Exchange,
  response: ResponseMessage,
  { coding, body }: { readonly coding: Coding; readonly body: Body },
): StepName {
  exchange.response = { ...response, headers: compressedHeaders(response.headers, coding), body };
  return afterCompression(exchange);
}

/** Of HEAD, what the origin said that GET would have. */
function lengthOf({ client }: Exchange, { headers, body }: ResponseMessage): number | undefined {
  if (client.method !== "HEAD" || body.kind !== "empty") return bodyLengthBytes(body);
  const named = getHeader(headers, "content-length");
  return named !== undefined && /^\d{1,15}$/.test(named) ? Number(named) : undefined;
}

/** What follows in the table of steps. */
export function afterCompression({ domain }: Exchange): StepName {
  return domain?.policy?.paceOf === undefined ? "deliver" : "pace";
}
