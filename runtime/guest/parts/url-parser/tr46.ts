/**
 * Stands in for the package tr46 when the guest is bundled (bundle-aliases.json): domains to ASCII (UTS #46) without tables here.
 *
 * Plain ASCII domains need none; everything else asks the host, where ICU is.
 */
import { hostPort } from "../../host-port.ts";

/** The domain in ASCII, or null when it is invalid. whatwg-url never asks for strict processing of what it did not check. */
export function toASCII(domain: string): string | null {
  // A label that begins with xn-- is validated by decoding it.
  // eslint-disable-next-line no-control-regex -- all of ASCII; the caller refuses control characters itself
  if (/^[\x00-\x7f]*$/.test(domain) && !/(?:^|\.)xn--/i.test(domain)) return domain.toLowerCase();
  const ascii = hostPort().domainToAscii(domain);
  return ascii === "" ? null : ascii;
}
