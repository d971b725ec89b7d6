/**
 * Parts of a body that a request asks for (RFC 9110 §14.1.2, §14.2).
 *
 * Invariants: what cannot be read asks for nothing, so that the whole is sent; several parts together are never more than the whole. Parts that overlap
 * or touch are joined, and who asks for parts out of their order gets the whole, both of which §14.2 and §15.3.7.2 leave to the server.
 */
import { cacheLimits } from "../../sdk/cdn-limits.ts";

/** [from, to) of the body. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export type RangeVerdict =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly range: ByteRange }
  /** At least two, in the order of the body, with bytes between them. */
  | { readonly kind: "parts"; readonly ranges: readonly ByteRange[] }
  /** 416. */
  | { readonly kind: "unsatisfiable" };

const RANGES = /^bytes=[\t ]*((?:\d+-\d*|-\d+)(?:[\t ]*,[\t ]*(?:\d+-\d*|-\d+))*)[\t ]*$/i;
const whole: RangeVerdict = { kind: "whole" };

/** What of `bytes` bytes the field asks for. */
export function readRange(field: string, bytes: number): RangeVerdict {
  const list = RANGES.exec(field)?.[1]?.split(",", cacheLimits.rangesMax + 1) ?? [];
  if (list.length === 0 || list.length > cacheLimits.rangesMax) return whole;
  const ranges: ByteRange[] = [];
  for (const text of list) {
    const [first = "", last = ""] = text.trim().split("-");
    // RFC 9110 §14.1.1: the whole field is invalid.
    if (first !== "" && last !== "" && Number(last) < Number(first)) return whole;
    const range = rangeOf({ first, last }, bytes);
    if (range === null) continue;
    const before = ranges.at(-1);
    if (before === undefined || range.from > before.to) ranges.push(range);
    else if (range.from < before.from) return whole;
    else ranges[ranges.length - 1] = { from: before.from, to: Math.max(before.to, range.to) };
  }
  const [only, ...others] = ranges;
  if (only === undefined) return { kind: "unsatisfiable" };
  return others.length === 0 ? { kind: "part", range: only } : { kind: "parts", ranges };
}

/** Whether the field asks for the body from its first byte to its last. */
export function isFromStart(field: string): boolean {
  return /^bytes=[\t ]*0+-[\t ]*$/i.test(field);
}

/** Null: it lies beyond the body. */
function rangeOf({ first, last }: { readonly first: string; readonly last: string }, bytes: number): ByteRange | null {
  if (first === "") {
    const from = Math.max(0, bytes - Number(last));
    return from < bytes ? { from, to: bytes } : null;
  }
  const from = Number(first);
  const to = last === "" ? bytes : Math.min(bytes, Number(last) + 1);
  return from < bytes ? { from, to } : null;
}
