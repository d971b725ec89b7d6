/**
 * Which of an alias's two versions a request gets.
 *
 * Knows no routing. Invariants: one client request gets one and the same answer for one alias, however often and in whichever phase it is asked;
 * different aliases are drawn independently of each other; a sticky client that has the grey version keeps it while the weight grows.
 */
import type { AliasGrey, GreyRule, GreySource } from "../../sdk/alias-grey.ts";
import { getAllHeaders, getHeader, type HeaderText } from "../../sdk/header-text.ts";

/** A client's request, as far as versions are chosen by it. */
export interface Asking {
  /** As the client sent it. */
  readonly client: { readonly headers: HeaderText };
  /** A number in [0, 1) drawn for it; -1: not yet. */
  draw: number;
}

/** Whether the request gets the grey version. `random`: numbers in [0, 1). */
export type GreyPicker = (asking: Asking, random: () => number) => boolean;

/** `alias` tells one alias from all others, and is the same as long as it exists. */
export function compileGrey(grey: AliasGrey, alias: string): GreyPicker {
  if (grey.by === "rules") {
    const tests = grey.rules.map(compileRule);
    return grey.combine === "all"
      ? ({ client }) => tests.every((fits) => fits(client.headers))
      : ({ client }) => tests.some((fits) => fits(client.headers));
  }
  const below = grey.weight / 100;
  const salt = hashText(alias, 0);
  const { sticky } = grey;
  return (asking, random) => {
    const key = sticky === null ? undefined : valueOf(asking.client.headers, sticky);
    if (key !== undefined) return fraction(hashText(key, salt)) < below;
    if (asking.draw < 0) asking.draw = random();
    // Turned by the alias, so that a request does not get the grey version of everything at once.
    return (asking.draw + fraction(salt)) % 1 < below;
  };
}

function compileRule({ from, name, op, value }: GreyRule): (headers: HeaderText) => boolean {
  if (op === "=") return (headers) => valueOf(headers, { from, name }) === value;
  const values = new Set(value.split(",").map((entry) => entry.trim()));
  return (headers) => {
    const found = valueOf(headers, { from, name });
    return found !== undefined && values.has(found);
  };
}

/** The first one there is. */
function valueOf(
  headers: HeaderText,
  { from, name }: { readonly from: GreySource; readonly name: string },
): string | undefined {
  if (from === "header") return getHeader(headers, name);
  for (const field of getAllHeaders(headers, "cookie")) {
    for (const pair of field.split(";")) {
      const [key = "", ...rest] = pair.split("=");
      if (key.trim() === name && rest.length > 0) return rest.join("=").trim();
    }
  }
  return undefined;
}

/** FNV-1a over UTF-16 units, then murmur3's finalizer, for short texts that differ in little. */
function hashText(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** In [0, 1). */
function fraction(hash: number): number {
  return hash / 0x1_0000_0000;
}
