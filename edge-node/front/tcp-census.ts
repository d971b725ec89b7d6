/**
 * How many connections with each client network the system has on a port, from Linux' table of TCP connections (proc(5), /proc/net/tcp).
 *
 * Knows the table's form only; whoever asks counts by `networkOf`. Invariant: what is not understood is not counted.
 */

import { readFile } from "node:fs/promises";

/** Of IPv4 and IPv6; a system may lack one. */
const tables = ["/proc/net/tcp", "/proc/net/tcp6"] as const;

/** Connections with `port` by client network; null when the system does not say. */
export async function readCensus(port: number): Promise<ReadonlyMap<string, number> | null> {
  const counts = new Map<string, number>();
  const read = await Promise.allSettled(tables.map((file) => readFile(file, "latin1")));
  const found = read.flatMap((table) => (table.status === "fulfilled" ? [table.value] : []));
  for (const table of found) countConnections(table, { port, counts });
  return found.length === 0 ? null : counts;
}

const ESTABLISHED = "01";
const LINE = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4} ([0-9A-F]{2}) /;

/** Adds what `table` says of `port` to `counts`. */
export function countConnections(
  table: string,
  { port, counts }: { readonly port: number; readonly counts: Map<string, number> },
): void {
  const local = port.toString(16).toUpperCase().padStart(4, "0");
  for (const line of table.split("\n")) {
    const [, ours, remote = "", state] = LINE.exec(line) ?? [];
    if (ours !== local || state !== ESTABLISHED) continue;
    const network = networkOfTable(remote);
    counts.set(network, (counts.get(network) ?? 0) + 1);
  }
}

/** The kernel prints each word of an address as a number of the machine, whose bytes are in the other order on all that Node.js runs on. */
function networkOfTable(remote: string): string {
  let digits = "";
  for (let word = 0; word < remote.length; word += 8) {
    for (let byte = 6; byte >= 0; byte -= 2) digits += remote.slice(word + byte, word + byte + 2);
  }
  const lower = digits.toLowerCase();
  if (lower.length === 8) return lower;
  return lower.startsWith("00000000000000000000ffff") ? lower.slice(24) : lower.slice(0, 16);
}
