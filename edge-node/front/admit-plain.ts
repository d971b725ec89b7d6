/** Tells the gate of the plain port's connections as they come and go, and closes those that may not stay. Knows the server library's words only. */
import type { UwsResponse } from "../uws.ts";
import { clientAddress } from "./client-address.ts";
import { networkOf, type ConnectionGate } from "./connection-gate.ts";

/** `change`: 1 for a connection that came, -1 for one that went; the response is lent for the time of the call. */
export function admitPlain(
  gate: ConnectionGate,
  { response, change }: { readonly response: UwsResponse; readonly change: number },
): void {
  if (change < 0) return gate.plainClosed();
  const octets = response.getRemoteAddress();
  const peer = { network: networkOf(new Uint8Array(octets)), address: () => clientAddress(octets) };
  if (!gate.plainOpened(peer)) response.close();
}
