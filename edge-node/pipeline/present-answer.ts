/**
 * A whole answer as its client asked for it: as it is, as the news that the client has it already, or a part of it.
 *
 * Invariant: a condition is answered from the very answer that would be sent otherwise (RFC 9110 §13.2.1).
 */
import type { Body } from "../../runtime/body.ts";
import { deleteHeader, filterHeaders, getHeader, hasHeader, type HeaderText } from "../../sdk/header-text.ts";
import { readRange } from "../cache/byte-range.ts";
import { allowsPart, isNotModified } from "../cache/conditional.ts";
import { SharedBody } from "../cache/shared-body.ts";
import type { StoredAnswer } from "../cache/stored-answer.ts";
import { bodyLengthBytes } from "./body-length.ts";
import { cutBody } from "./cut-body.ts";
import { discardBody } from "./discard-body.ts";
import type { Exchange, ResponseMessage } from "./exchange.ts";
import { multipartAnswer } from "./multipart-answer.ts";
import type { Services } from "./services.ts";

/** A stored answer, with its age. */
export function presentStored(
  services: Services,
  exchange: Exchange,
  stored: { readonly answer: StoredAnswer; readonly now: number },
): ResponseMessage {
  const { answer, now } = stored;
  const written = services.shownHeads.of(answer, now);
  const whole: ResponseMessage = { status: answer.status, headers: written.headers, body: storedBody(answer), written };
  return exchange.cachePlace?.isConditional === true ? presentAsAsked(services, exchange, whole) : whole;
}

function storedBody({ body, bodyBytes }: StoredAnswer): Body {
  if (body instanceof Uint8Array) return { kind: "bytes", bytes: body };
  if (body instanceof SharedBody) return { kind: "stream", chunks: body.read(), lengthBytes: bodyBytes };
  const lendWhole = (use: (bytes: Uint8Array) => void): boolean => body.lendWhole(use);
  const stream = { kind: "stream", chunks: body, lengthBytes: bodyBytes, givesChunks: true, lendWhole } as const;
  return body.isLasting ? { ...stream, identity: body } : stream;
}

/** Any whole answer. */
export function presentAsAsked(services: Services, exchange: Exchange, whole: ResponseMessage): ResponseMessage {
  const place = exchange.cachePlace;
  if (place === null || !place.isConditional || whole.status !== 200) return whole;
  const { asked } = place;
  if (isNotModified(asked, whole.headers, services.clock.now())) {
    services.background.add("body.discard", discardBody(whole.body));
    exchange.unsent = whole;
    return { status: 304, headers: withoutRepresentation(whole.headers), body: { kind: "empty" } };
  }
  const range = exchange.request.method === "GET" ? getHeader(asked, "range") : undefined;
  return range === undefined ? whole : presentPart(services, { asked, range }, whole);
}

function presentPart(
  services: Services,
  { asked, range }: { readonly asked: HeaderText; readonly range: string },
  whole: ResponseMessage,
): ResponseMessage {
  const bytes = bodyLengthBytes(whole.body);
  if (bytes === undefined || !allowsPart(asked, whole.headers, services.clock.now())) return whole;
  const verdict = readRange(range, bytes);
  switch (verdict.kind) {
    case "whole":
      return whole;
    case "part": {
      const { from, to } = verdict.range;
      // RFC 9110 §14.4: what an origin says so of a whole answer means nothing.
      const headers = `${deleteHeader(whole.headers, "content-range")}content-range:bytes ${from}-${to - 1}/${bytes}\n`;
      return { status: 206, headers, body: cutBody(whole.body, verdict.range) };
    }
    case "parts": {
      // A coding of the message would be taken for one of the parts' frame.
      if (hasHeader(whole.headers, "content-encoding")) return whole;
      return multipartAnswer(whole, { ranges: verdict.ranges, bytes, random: services.random });
    }
    default: {
      services.background.add("body.discard", discardBody(whole.body));
      const headers = `${withoutRepresentation(whole.headers)}content-range:bytes */${bytes}\n`;
      return { status: 416, headers, body: { kind: "empty" } };
    }
  }
}

/** Fields that describe a body which is not sent (RFC 9110 §15.4.5). */
const ofRepresentation: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-language",
  "content-length",
  "content-md5",
  "content-range",
  "content-type",
]);

function withoutRepresentation(headers: HeaderText): HeaderText {
  return filterHeaders(headers, (name) => !ofRepresentation.has(name));
}

/** What of them a 304 does not say. */
export function representationOf(headers: HeaderText): HeaderText {
  return filterHeaders(headers, (name) => ofRepresentation.has(name));
}
