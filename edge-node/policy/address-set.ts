/**
 * A set of IP addresses and networks, as the configuration lists them, and what an address is within it.
 *
 * Invariants: an IPv4 address that came mapped into IPv6 is the IPv4 address; a lookup costs the same however many networks there are, up to a
 * logarithm.
 */
import ipaddr from "ipaddr.js";

export interface AddressSet {
  /** Whether the address (text, without brackets and zone) is in one of the networks; false for what is no address. */
  has(address: string): boolean;
}

interface Range {
  /** Addresses as hexadecimal digits of one length, so that they compare as texts; both ends are included. */
  readonly from: string;
  readonly to: string;
}

/** From addresses and CIDR networks. Throws for an entry that is neither. */
export function createAddressSet(entries: readonly string[]): AddressSet {
  const ranges = entries.map(parseRange);
  const ofLength = { 8: mergeRanges(ranges, 8), 32: mergeRanges(ranges, 32) } as const;
  return {
    has(address) {
      const digits = addressDigits(address);
      return digits !== "" && isIn(ofLength[digits.length === 8 ? 8 : 32], digits);
    },
  };
}

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** 8 hexadecimal digits for IPv4, 32 for IPv6, "" for what is no address. */
export function addressDigits(address: string): string {
  const parts = IPV4.exec(address);
  if (parts !== null) {
    let digits = "";
    for (let index = 1; index <= 4; index++) {
      const octet = Number(parts[index]);
      if (octet > 255) return "";
      digits += octet.toString(16).padStart(2, "0");
    }
    return digits;
  }
  if (address.includes("%") || !ipaddr.IPv6.isValid(address)) return "";
  return digitsOf(ipaddr.process(address));
}

function digitsOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  return address
    .toByteArray()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

function parseRange(entry: string): Range {
  const [address = "", bits] = entry.trim().split("/");
  let digits = addressDigits(address);
  const all = ipaddr.IPv6.isValid(address) ? 128 : 32;
  let length = bits === undefined ? all : Number(bits);
  if (digits === "" || !Number.isInteger(length) || length < 0 || length > all || bits === "") {
    throw new Error(
      `Cannot read a network: expected an address or CIDR notation such as 10.0.0.0/8: received ${entry}`,
    );
  }
  if (all === 128 && digits.length === 8) {
    // A network that is larger than the mapped addresses is one of IPv6.
    if (length >= 96) length -= 96;
    else digits = `${"0".repeat(20)}ffff${digits}`;
  }
  return { from: withBits(digits, { length, fill: "0" }), to: withBits(digits, { length, fill: "1" }) };
}

/** `digits` with everything behind the first `length` bits filled. */
function withBits(digits: string, { length, fill }: { readonly length: number; readonly fill: "0" | "1" }): string {
  const whole = Math.floor(length / 4);
  const rest = length % 4;
  const mask = fill === "0" ? (0xf << (4 - rest)) & 0xf : 0xf >> rest;
  const digit = Number.parseInt(digits[whole] ?? "0", 16);
  const mixed = rest === 0 ? "" : (fill === "0" ? digit & mask : digit | mask).toString(16);
  return `${digits.slice(0, whole)}${mixed}`.padEnd(digits.length, fill === "0" ? "0" : "f");
}

/** Those of one address family, in order and without overlaps. */
function mergeRanges(ranges: readonly Range[], digits: number): readonly Range[] {
  const merged: Range[] = [];
  const ordered = ranges.filter(({ from }) => from.length === digits).toSorted((a, b) => (a.from < b.from ? -1 : 1));
  for (const range of ordered) {
    const last = merged.at(-1);
    if (last === undefined || range.from > last.to) merged.push(range);
    else if (range.to > last.to) merged[merged.length - 1] = { from: last.from, to: range.to };
  }
  return merged;
}

function isIn(ranges: readonly Range[], digits: string): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.to ?? "") < digits) low = middle + 1;
    else high = middle;
  }
  const found = ranges[low];
  return found !== undefined && found.from <= digits;
}
