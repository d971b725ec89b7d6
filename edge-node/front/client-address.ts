/**
 * The client's address as text: IPv4 dotted (also when it came mapped into IPv6), IPv6 in its short form (RFC 5952).
 */
import ipaddr from "ipaddr.js";

/** From the 4 or 16 bytes of the socket's address; "" when the socket has none any more. */
export function clientAddress(bytes: ArrayBuffer): string {
  const octets = new Uint8Array(bytes);
  if (octets.length === 4) return `${octets[0]}.${octets[1]}.${octets[2]}.${octets[3]}`;
  if (octets.length !== 16) return "";
  const address = ipaddr.fromByteArray([...octets]);
  return ipaddr.process(address.toString()).toString();
}

/** From a socket's address as text; "" when it has none any more. */
export function clientAddressOf(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : "";
}
