/**
 * Who the client is behind proxies that the node's configuration trusts: its address, and whether it came by http or https.
 *
 * X-Forwarded-For is a list to which each proxy adds whom it heard from, so only its end is a trusted proxy's word: the last address that is not a
 * trusted proxy's is the client. Invariants: a peer that is not trusted is the client, whatever it says; an entry that is no address ends the
 * search at the proxy that wrote it; what stands left of the client is never looked at.
 */
import type { AddressSet } from "../policy/address-set.ts";
import { clientAddressOf } from "./client-address.ts";

export interface ForwardedFields {
  /** X-Forwarded-For, lines joined by commas; "" when absent. */
  readonly forwardedFor: string;
  /** X-Forwarded-Proto, likewise. */
  readonly forwardedProto: string;
}

export interface ForwardedClient {
  readonly address: string;
  /** Null: as it came to this node. */
  readonly scheme: "http" | "https" | null;
  /** The client is at the other end of this connection. */
  readonly isPeer: boolean;
}

/** A longer chain of trusted proxies is cut: its client is the last one that was looked at. */
const PROXIES_MAX = 32;

export function forwardedClient(peer: string, fields: ForwardedFields, trusted: AddressSet): ForwardedClient {
  if (!trusted.has(peer)) return { address: peer, scheme: null, isPeer: true };
  const { forwardedFor, forwardedProto } = fields;
  let address = peer;
  let proxies = 0;
  for (let end = forwardedFor.length; end > 0 && trusted.has(address) && proxies < PROXIES_MAX; proxies++) {
    const comma = forwardedFor.lastIndexOf(",", end - 1);
    const named = readAddress(forwardedFor.slice(comma + 1, end));
    if (named === "") break;
    address = named;
    end = comma;
  }
  return { address, scheme: readScheme(forwardedProto, Math.max(1, proxies)), isPeer: false };
}

const BRACKETED = /^\[([0-9a-fA-F:.]+)\](?::\d{1,5})?$/;
const WITH_PORT = /^([\d.]+):\d{1,5}$/;

/** An address, also with a port; "" for anything else, such as "unknown". */
function readAddress(entry: string): string {
  const text = entry.trim();
  return clientAddressOf((BRACKETED.exec(text) ?? WITH_PORT.exec(text))?.[1] ?? text);
}

/** One value is what the proxies agree on; of a list, each of `proxies` added one. */
function readScheme(field: string, proxies: number): ForwardedClient["scheme"] {
  if (field === "") return null;
  const values = field.split(",");
  const value = (values.length === 1 ? values[0] : values.at(-proxies))?.trim().toLowerCase();
  return value === "http" || value === "https" ? value : null;
}
