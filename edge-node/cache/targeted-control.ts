/**
 * What a response says to this cache: `CDN-Cache-Control` when it is there and well-formed (RFC 9213), else `Cache-Control`.
 *
 * Invariant: a targeted field counts alone: with it neither Cache-Control nor Expires means anything to this cache. An empty or malformed
 * one is as if it were not there (§2.1).
 */
import { parseDictionary, type Dictionary } from "structured-headers";
import { getAllHeaders, type HeaderText } from "../../sdk/header-text.ts";
import { parseCacheControl, readDirectives, type CacheControl } from "./cache-control.ts";

export interface TargetedControl {
  readonly control: CacheControl;
  /** Whether a field for caches like this one was followed. */
  readonly isTargeted: boolean;
}

export function readTargetedControl(headers: HeaderText): TargetedControl {
  if (headers.includes("cdn-cache-control:")) {
    const targeted = parseTargeted(getAllHeaders(headers, "cdn-cache-control"));
    if (targeted !== null) return { control: targeted, isTargeted: true };
  }
  return { control: parseCacheControl(getAllHeaders(headers, "cache-control")), isTargeted: false };
}

/** A dictionary of structured fields (RFC 9651 §3.2); null: to be ignored. */
function parseTargeted(lines: readonly string[]): CacheControl | null {
  const dictionary = dictionaryOf(lines.join(", "));
  if (dictionary === null || dictionary.size === 0) return null;
  return readDirectives([...dictionary].flatMap(([name, [value]]) => directiveOf(name, value)));
}

function dictionaryOf(text: string): Dictionary | null {
  try {
    return parseDictionary(text);
  } catch {
    return null;
  }
}

/**
 * RFC 9213 §2.1: true for a directive without a value, an integer for seconds, a string for what is quoted. Another type makes an age unreadable,
 * which is none at all, and leaves a word of warning standing.
 */
function directiveOf(name: string, value: unknown): [name: string, value: string][] {
  if (value === true) return [[name, ""]];
  if (value === false) return [];
  if (typeof value === "number") return [[name, String(value)]];
  return [[name, typeof value === "string" && (name === "no-cache" || name === "private") ? value : "?"]];
}
