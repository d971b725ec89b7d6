/**
 * The client's address as text: IPv4 dotted (also when it came mapped into IPv6), IPv6 in its short form (RFC 5952).
 */
import ipaddr from "ipaddr.js";

/** From the 4 or 16 bytes of the socket's address; "" when the socket has none any more. */
export function clientAddress(bytes: ArrayBuffer): string {
  const octets = new Uint8Array(bytes);
  if (octets.length === 4) return dotted(octets, 0);
  if (octets.length !== 16) return "";
  if (isMapped(octets)) return dotted(octets, 12);
  return ipaddr.fromByteArray([...octets]).toString();
}

/** From a socket's address as text; "" when it has none any more. */
export function clientAddressOf(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : "";
}

/** The 4 or 16 bytes of an address as text; none for what is no address. */
export function addressOctets(address: string): Uint8Array {
  return ipaddr.isValid(address) ? Uint8Array.from(ipaddr.process(address).toByteArray()) : new Uint8Array();
}

function dotted(octets: Uint8Array, at: number): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`;
}

/** `::ffff:0:0/96` (RFC 4291 §2.5.5.2): what a socket of both families says of an IPv4 client. */
function isMapped(octets: Uint8Array): boolean {
  for (let index = 0; index < 10; index++) if (octets[index] !== 0) return false;
  return octets[10] === 0xff && octets[11] === 0xff;
}
