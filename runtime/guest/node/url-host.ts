/** Host names of the legacy `url.parse`: ASCII stays as it is, all else goes through the URL parser (UTS #46). */
export function toASCII(host: string): string {
  // oxlint-disable-next-line no-control-regex -- all of ASCII is meant
  if (/^[\0-\u007f]*$/.test(host)) return host;
  return URL.parse(`http://${host}`)?.hostname ?? "";
}
