/**
 * A domain's `compress` as the pipeline asks it: whether an answer is compressed, with what, and how its fields change with that.
 *
 * Pure but for a small memory of what clients accept, which few spellings of the field fill. Invariant: an answer that may be sent in another form to
 * another client says so in Vary; a transformed answer has no strong validator and no length of its origin's.
 */
import type { Compress } from "../../sdk/domain-policy.ts";
import {
  deleteHeader,
  getAllHeaders,
  getHeader,
  hasHeader,
  setHeader,
  type HeaderText,
} from "../../sdk/header-text.ts";
import { chooseCoding, codings, type Coding } from "./accept-encoding.ts";

export interface CompressionRule {
  /** Undefined: the answer is not one that is compressed, for no client. Null: not for this one. */
  decide(answer: CompressibleAnswer): Coding | null | undefined;
}

export interface CompressibleAnswer {
  readonly status: number;
  readonly headers: HeaderText;
  /** Undefined: not known. */
  readonly lengthBytes: number | undefined;
  /** Of the client's URL. */
  readonly path: string;
  /** The client's fields. */
  readonly requestHeaders: HeaderText;
}

const KNOWN_FIELDS_MAX = 200;
const COMPRESSIBLE_TYPE =
  /^(?:text\/(?!event-stream)[^;]*|application\/(?:javascript|ecmascript|json|ld\+json|manifest\+json|xml|wasm|x-javascript|x-ndjson|graphql|vnd\.ms-fontobject|[a-z0-9.+-]+\+(?:json|xml))|image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font\/(?:ttf|otf|collection)|application\/(?:x-font-ttf|x-font-opentype))(?:\s*;|\s*$)/i;
/** Integrity of bytes as they are, or bytes that are a part of something. */
const boundFields = ["content-encoding", "content-range", "digest", "content-digest", "repr-digest", "content-md5"];

/** Null: the domain does not compress. */
export function compileCompression(compress: Compress | undefined): CompressionRule | null {
  if (compress?.status !== "on") return null;
  const preferred = compress.type
    .split(",")
    .map((name) => name.trim())
    .filter((name): name is Coding => codings.some((coding) => coding === name));
  if (preferred.length === 0) return null;
  const suffixes = compress.file_type?.split(",").map((suffix) => suffix.trim().toLowerCase());
  const known = new Map<string, Coding | null>();
  const choose = (field: string): Coding | null => {
    let chosen = known.get(field);
    if (chosen !== undefined) return chosen;
    chosen = chooseCoding(field, preferred);
    if (known.size >= KNOWN_FIELDS_MAX) known.clear();
    known.set(field, chosen);
    return chosen;
  };
  return {
    decide: ({ status, headers, lengthBytes, path, requestHeaders }) => {
      if (status < 200 || status === 204 || status === 206 || status === 304) return undefined;
      if (lengthBytes !== undefined && lengthBytes < compress.min_length) return undefined;
      if (boundFields.some((name) => hasHeader(headers, name)) || isFixed(headers)) return undefined;
      const isKind =
        suffixes === undefined
          ? hasCompressibleType(headers)
          : suffixes.some((end) => path.toLowerCase().endsWith(end));
      if (!isKind) return undefined;
      const accepted = getAllHeaders(requestHeaders, "accept-encoding");
      return accepted.length === 0 ? null : choose(accepted.join(","));
    },
  };
}

/** The fields of an answer that others may get compressed. */
export function varyingHeaders(headers: HeaderText): HeaderText {
  const vary = getAllHeaders(headers, "vary").join(", ");
  const names = vary
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  if (names.includes("*") || names.includes("accept-encoding")) return headers;
  return setHeader(headers, "vary", vary === "" ? "Accept-Encoding" : `${vary}, Accept-Encoding`);
}

/** The fields of the answer in `coding`. */
export function compressedHeaders(headers: HeaderText, coding: Coding): HeaderText {
  return `${confirmedHeaders(headers)}content-encoding:${coding}\n`;
}

/** Those of them that a 304 has, too. */
export function confirmedHeaders(headers: HeaderText): HeaderText {
  const result = deleteHeader(deleteHeader(varyingHeaders(headers), "content-length"), "accept-ranges");
  const etag = getHeader(result, "etag");
  // RFC 9110 §8.8.1: the same resource in other bytes.
  return etag === undefined || etag.startsWith("W/") ? result : setHeader(result, "etag", `W/${etag}`);
}

function hasCompressibleType(headers: HeaderText): boolean {
  const type = getHeader(headers, "content-type");
  return type !== undefined && COMPRESSIBLE_TYPE.test(type);
}

/** RFC 9111 §5.2.2.6. */
function isFixed(headers: HeaderText): boolean {
  return getAllHeaders(headers, "cache-control").some((line) => /(?:^|[\s,])no-transform(?:$|[\s,])/i.test(line));
}
