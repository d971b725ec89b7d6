/**
 * What stands beside a body on the disk: an answer without its body, or what the answers of a key vary with. Pure.
 *
 * Bytes from a disk are not trusted, although a checksum said that they are what was written: every field is checked by the rules it was made by,
 * the header lines by the grammar of HTTP, so that nothing read here can split a response or lead to another domain's purges. What does
 * not pass, and what another version wrote, is as if it were not there.
 */
import { cacheLimits } from "../../sdk/cdn-limits.ts";
import { isHeaderName } from "../../sdk/header-text.ts";
import { isHeaderText } from "../pipeline/header-grammar.ts";
import type { StoredAnswer } from "./stored-answer.ts";
import type { VaryMark } from "./vary.ts";

/** Whatever changes the meaning of a field changes it. Entries of version 1 may hold what is one user's: cookies that the origin excluded. */
const VERSION = 2;
/** Milliseconds since the epoch; what a Date can hold. */
const TIME_MAX = 8_640_000_000_000_000;

export type AnswerHead = Omit<StoredAnswer, "body" | "bodyBytes">;

export type StoredHead = AnswerHead | ({ readonly kind: "vary" } & VaryMark);

export function encodeAnswerHead(answer: AnswerHead): Uint8Array {
  const { status, headers, domain, path, query, tags, requestedAt, bornAt } = answer;
  const { freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil, staleOnFailureUntil } = answer;
  const times = [requestedAt, bornAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil, staleOnFailureUntil];
  const flags = (answer.isFixed ? 1 : 0) + (answer.isAlwaysValidated ? 2 : 0);
  return encode(["answer", status, flags, times, domain, path, query, tags, headers]);
}

export function encodeVaryHead({ since, names }: VaryMark): Uint8Array {
  return encode(["vary", since, names]);
}

/** Undefined: not to be used. */
export function decodeHead(bytes: Uint8Array): StoredHead | undefined {
  const fields = parse(bytes);
  if (fields?.[0] !== VERSION) return undefined;
  const [, kind, ...rest] = fields;
  if (kind === "answer") return decodeAnswer(rest);
  return kind === "vary" ? decodeVary(rest) : undefined;
}

function encode(fields: readonly unknown[]): Uint8Array {
  return Buffer.from(JSON.stringify([VERSION, ...fields]));
}

function parse(bytes: Uint8Array): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function decodeAnswer(fields: readonly unknown[]): AnswerHead | undefined {
  const [status, flags, times, domain, path, query, tags, headers] = fields;
  if (fields.length !== 8 || !isStatus(status) || !isWithin(flags, 3) || !isTimes(times)) return undefined;
  if (!isLine(domain) || !isPath(path) || !isQuery(query) || !isTags(tags)) return undefined;
  if (typeof headers !== "string" || !isHeaderText(headers)) return undefined;
  const [requestedAt, bornAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil, staleOnFailureUntil] = times;
  return {
    kind: "answer",
    status,
    headers,
    bornAt,
    freshUntil,
    staleWhileRevalidateUntil,
    staleIfErrorUntil,
    staleOnFailureUntil,
    isFixed: flags % 2 === 1,
    isAlwaysValidated: flags >= 2,
    domain,
    path,
    query,
    tags,
    requestedAt,
  };
}

function decodeVary(fields: readonly unknown[]): StoredHead | undefined {
  const [since, names] = fields;
  if (fields.length !== 2 || !isWithin(since, TIME_MAX) || !Array.isArray(names)) return undefined;
  const list: readonly unknown[] = names;
  const isNames = (each: readonly unknown[]): each is readonly string[] =>
    each.every((name) => typeof name === "string" && isHeaderName(name) && name === name.toLowerCase());
  const { varyNamesPerUrlMax } = cacheLimits;
  if (list.length === 0 || list.length > varyNamesPerUrlMax || !isNames(list) || list.includes("*")) return undefined;
  // The order is part of the variants' keys.
  return list.every((name, index) => index === 0 || (list[index - 1] ?? "") < name)
    ? { kind: "vary", since, names: list }
    : undefined;
}

/** Those that are stored: no part, no news about a condition. */
function isStatus(value: unknown): value is number {
  return isWithin(value, 599) && value >= 200 && value !== 206 && value !== 304;
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}

type Times = readonly [number, number, number, number, number, number];

/** A lifetime by heuristics is no whole number. */
function isTimes(value: unknown): value is Times {
  if (!Array.isArray(value) || value.length !== 6) return false;
  return value.every((time) => typeof time === "number" && Math.abs(time) <= TIME_MAX);
}

function isLine(value: unknown): value is string {
  return typeof value === "string" && /^[\x20-\x7e\x80-\xff]*$/.test(value);
}

function isPath(value: unknown): value is string {
  return isLine(value) && value.startsWith("/");
}

function isQuery(value: unknown): value is string {
  return isLine(value) && (value === "" || value.startsWith("?"));
}

function isTags(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length > cacheLimits.tagsPerAnswerMax) return false;
  return value.every((tag) => isLine(tag) && tag !== "" && tag.length <= cacheLimits.tagCharsMax);
}
