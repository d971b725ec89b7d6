/**
 * Reads the Host field (RFC 9110 §7.2): a name or an address, with or without a port, and nothing else.
 */
import { hostnameOf } from "../pipeline/wire-url.ts";

export interface HostField {
  /** Lower case, without the scheme's own port. */
  readonly host: string;
  /** Without port, without the root's dot. */
  readonly hostname: string;
}

const HOST = /^([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/;
const PORT_MAX = 65_535;

/** Null when the field holds anything but one host: userinfo, a path, a list, a port that is none. */
export function parseHostField(value: string, { scheme }: { readonly scheme: "http" | "https" }): HostField | null {
  const match = HOST.exec(value.toLowerCase());
  const name = match?.[1];
  if (name === undefined || value.length > 320) return null;
  const port = match?.[2];
  const hostname = hostnameOf(name);
  if (port === undefined || Number(port) === (scheme === "http" ? 80 : 443)) return { host: hostname, hostname };
  return Number(port) > PORT_MAX || Number(port) === 0 ? null : { host: `${hostname}:${Number(port)}`, hostname };
}
