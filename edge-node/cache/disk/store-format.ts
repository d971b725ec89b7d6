/**
 * The file that says which of the folder's stores is in use and how it is laid out. Pure.
 *
 * A store of another format, or laid out for a very different size, is not read: a new one is begun beside it and the old one removed.
 */
import { diskCacheLimits } from "../../../sdk/cdn-limits.ts";
import { slotsPerBucket } from "./slot-bucket.ts";

export interface StoreFormat {
  /** 16 hexadecimal digits: the name of the store's own folder. */
  readonly store: string;
  readonly buckets: number;
  readonly segmentBytes: number;
}

const FORMAT = 1;
/** Bytes of an entry for which the index has its best size; smaller ones crowd it, and the oldest leave it early. */
const ENTRY_BYTES = 4_096;
const LOAD = 0.6;
const SEGMENTS = 128;
/** A store laid out for so many times more or less than what is configured is not used. */
const MISFIT = 4;

export const formatFileName = "store.json";

/** How a store of that size is laid out. */
export function layOut(store: string, bytesMax: number): StoreFormat {
  const { segmentBytesMin, segmentBytesMax } = diskCacheLimits;
  return {
    store,
    buckets: Math.max(4, Math.ceil(bytesMax / ENTRY_BYTES / LOAD / slotsPerBucket)),
    segmentBytes: Math.min(segmentBytesMax, Math.max(segmentBytesMin, Math.floor(bytesMax / SEGMENTS))),
  };
}

export function formatStore(format: StoreFormat): string {
  return `${JSON.stringify({ format: FORMAT, ...format })}\n`;
}

/** What the file says, or why that is of no use. */
export function readFormat(
  text: string,
  bytesMax: number,
): { readonly ok: true; readonly format: StoreFormat } | { readonly ok: false; readonly reason: string } {
  const parsed = parse(text);
  if (parsed === undefined) return { ok: false, reason: "unreadable" };
  if (parsed["format"] !== FORMAT) return { ok: false, reason: "another format" };
  const { store, buckets, segmentBytes } = parsed;
  const wanted = layOut("", bytesMax);
  if (typeof store !== "string" || !isStoreName(store)) return { ok: false, reason: "unreadable" };
  if (!isFit(buckets, wanted.buckets) || !isFit(segmentBytes, wanted.segmentBytes)) {
    return { ok: false, reason: "laid out for another size" };
  }
  return { ok: true, format: { store, buckets, segmentBytes } };
}

export function isStoreName(name: string): boolean {
  return /^[0-9a-f]{16}$/.test(name);
}

function isFit(value: unknown, wanted: number): value is number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return false;
  return value <= wanted * MISFIT && value >= wanted / MISFIT && value > 0;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
