/**
 * The grammar of host names in configuration: lower-case ASCII labels (RFC 1123 §2.1), no port, no trailing dot.
 * Internationalised names are given in their ASCII form (`xn--…`); nothing is converted here.
 */

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const HOST_NAME_CHARS_MAX = 253;

/** Whether `name` is a host name or an IPv4 address in dotted form. */
export function isHostName(name: string): boolean {
  return name.length <= HOST_NAME_CHARS_MAX && name.split(".").every((label) => LABEL.test(label));
}

/** Whether `pattern` is a host name, or `*.` before a host name of at least two labels. */
export function isDomainPattern(pattern: string): boolean {
  if (!pattern.startsWith("*.")) return isHostName(pattern);
  const parent = pattern.slice(2);
  return pattern.length <= HOST_NAME_CHARS_MAX && parent.includes(".") && isHostName(parent);
}

/** What `isDomainPattern` allows, completing "allowed: …". */
export const domainPatternText =
  'a host name in lower case such as "www.example.com", or "*." before one such as "*.example.com", without port';
