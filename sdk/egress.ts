/**
 * Where a function version may connect to, beyond what its node allows: the lists of `egress`, read from untrusted input.
 *
 * Knows the form only; nodes judge (`edge-node/origin/egress-rules.ts`). Lists narrow what a node allows and never widen it, and `deny` wins.
 */
import { isIP } from "node:net";
import { FieldReader, parsedUnless, showValue } from "./field-reader.ts";
import { isHostName } from "./host-name.ts";
import { egressLimits } from "./limits.ts";
import type { Parsed, Problem } from "./problem.ts";

/** Entries are as `parseEgressEntry` reads them, each once and in order, so that equal lists are written alike. */
export interface Egress {
  /** Null: whatever the node allows. Empty: nothing. */
  readonly allow: readonly string[] | null;
  readonly deny: readonly string[];
}

export interface WrittenEgress {
  readonly allow?: readonly string[];
  readonly deny: readonly string[];
}

/** One entry of a list. */
export type EgressEntry =
  /** `suffix`: every name below it, not itself. `any`: whatever is connected to. */
  | { readonly kind: "any"; readonly port: number | null }
  | { readonly kind: "name"; readonly name: string; readonly port: number | null }
  | { readonly kind: "suffix"; readonly suffix: string; readonly port: number | null }
  /** An address alone is the network that holds nothing else. */
  | { readonly kind: "network"; readonly address: string; readonly prefixBits: number; readonly port: number | null };

/** What a function has that asks for nothing. */
export const defaultEgress: Egress = { allow: null, deny: [] };

export const egressEntryText =
  'a host name in lower case such as "api.example.com", "*." before one, "*" for all, or an address or network such as "203.0.113.0/24", each with or without ":port" (IPv6 in brackets then: "[2001:db8::]/32:443")';

/** Absent: `defaultEgress`. */
export function parseEgress(input: unknown): Parsed<Egress> {
  const problems: Problem[] = [];
  if (input === undefined) return { ok: true, value: defaultEgress };
  const fields = new FieldReader(input, { path: "egress", problems });
  const allow = fields.has("allow") ? readList(fields, { key: "allow", problems }) : null;
  const deny = readList(fields, { key: "deny", problems });
  fields.raw("allow");
  fields.finish();
  const chars = [...(allow ?? []), ...deny].reduce((sum, entry) => sum + entry.length, 0);
  const { charsMax } = egressLimits;
  if (chars > charsMax) {
    problems.push({
      path: "egress",
      message: `received ${chars} characters in all entries, allowed: at most ${charsMax}`,
    });
  }
  return parsedUnless(problems, { allow, deny });
}

/** Null: it is no entry. */
export function parseEgressEntry(text: string): EgressEntry | null {
  const split = text.length <= egressLimits.entryCharsMax ? splitPort(text) : null;
  if (split === null) return null;
  const { place, port } = split;
  if (place === "*") return { kind: "any", port };
  if (place.startsWith("*.")) {
    const name = place.slice(2);
    return isName(name) ? { kind: "suffix", suffix: `.${name}`, port } : null;
  }
  const network = parseNetwork(place);
  if (network !== null) return { kind: "network", ...network, port };
  return isName(place) ? { kind: "name", name: place, port } : null;
}

/** The lists as an author writes them: without `allow` where there is none. */
export function writtenEgress({ allow, deny }: Egress): WrittenEgress {
  return { ...(allow === null ? {} : { allow }), deny };
}

/** Whether two versions may connect to the same places. */
export function isSameEgress(a: Egress, b: Egress): boolean {
  return JSON.stringify([a.allow, a.deny]) === JSON.stringify([b.allow, b.deny]);
}

function readList(
  fields: FieldReader,
  { key, problems }: { readonly key: "allow" | "deny"; readonly problems: Problem[] },
): readonly string[] {
  const entries = new Set<string>();
  for (const { path, input } of fields.items(key, { itemsMax: egressLimits.entriesMax })) {
    if (typeof input === "string" && parseEgressEntry(input) !== null) entries.add(input);
    else problems.push({ path, message: `received ${showValue(input)}, allowed: ${egressEntryText}` });
  }
  return [...entries].sort();
}

/** `where`, `where:port`, `[IPv6]:port`, `[IPv6]/bits:port`. */
function splitPort(text: string): { readonly place: string; readonly port: number | null } | null {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](\/\d+)?(?::(\d+))?$/.exec(text);
  // In an address without brackets nobody could tell a port from the last group.
  if (bracketed === null && text.split(":").length > 2) return { place: text, port: null };
  const [, place = "", bits = "", port] = bracketed ?? /^([^:]*)()(?::(\d+))?$/.exec(text) ?? [];
  if (port === undefined) return { place: `${place}${bits}`, port: null };
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) return null;
  return { place: `${place}${bits}`, port: Number(port) };
}

/** What ends in a number is read as an address by URL parsers, in forms that are none of ours. */
function isName(text: string): boolean {
  return isHostName(text) && !/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(text);
}

function parseNetwork(text: string): { readonly address: string; readonly prefixBits: number } | null {
  const [address = "", prefix, ...more] = text.split("/");
  const family = address.includes("%") ? 0 : isIP(address);
  if (family === 0 || more.length > 0) return null;
  const bits = family === 4 ? 32 : 128;
  if (prefix === undefined) return { address, prefixBits: bits };
  return /^(?:0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= bits ? { address, prefixBits: Number(prefix) } : null;
}
