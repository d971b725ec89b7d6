/**
 * Blob URLs (https://w3c.github.io/FileAPI/#url): names for blobs that `fetch` of this isolate understands, and nobody else.
 *
 * A name keeps its blob in memory until it is revoked, so one isolate has a bounded number of them.
 */
import { requireArguments } from "../core/webidl.ts";
import { hostPort } from "../../host-port.ts";
import { type Blob, isBlob } from "./blob.ts";

/** Blob URLs of one isolate that are not revoked. */
const URLS_MAX = 1_000;

const blobs = new Map<string, Blob>();

/** Throws a TypeError for everything that is not a Blob, and when too many are not revoked. */
export function createObjectUrl(parameters: readonly [blob: Blob]): string {
  requireArguments(parameters.length, 1, "URL.createObjectURL");
  const [blob] = parameters;
  if (!isBlob(blob)) throw new TypeError("Cannot call URL.createObjectURL: the argument is not a Blob");
  if (blobs.size >= URLS_MAX) {
    throw new TypeError(`Cannot create a blob URL: ${URLS_MAX} are in use; revoke them with URL.revokeObjectURL`);
  }
  let name = "";
  for (const byte of new Uint8Array(hostPort().randomBytes(16))) name += (byte + 0x100).toString(16).slice(1);
  // The origin of code outside a browser is opaque.
  const url = `blob:null/${name.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}`;
  blobs.set(url, blob);
  return url;
}

/** `url` is revoked when it is one; a fragment does not belong to it. */
export function revokeObjectUrl(url: string): void {
  blobs.delete(withoutFragment(url));
}

/** The blob that `url` names, or undefined. */
export function blobOfUrl(url: string): Blob | undefined {
  return blobs.get(withoutFragment(url));
}

function withoutFragment(url: string): string {
  const at = url.indexOf("#");
  return at < 0 ? url : url.slice(0, at);
}
