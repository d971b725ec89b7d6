/** Servers that some tests need and that not every machine has: which are missing, and what that leaves untested. */
import { findNats } from "../../bench/harness/nats-server.ts";
import { findPostgres } from "../support/postgres-server.ts";

export interface MissingServer {
  readonly name: string;
  readonly reason: string;
  readonly untested: string;
}

/** As a search for a server answers. */
interface Found {
  readonly kind: "available" | "missing";
  readonly reason?: string;
}

/** `found`: what was found of each server. Default: on this machine. */
export function missingServers(
  found: { readonly postgres: Found; readonly nats: Found } = { postgres: findPostgres(), nats: findNats() },
): MissingServer[] {
  const servers = [
    { name: "PostgreSQL", at: found.postgres, untested: "the control plane's store on PostgreSQL" },
    { name: "NATS", at: found.nats, untested: "asynchronous calls in a queue that several control planes share" },
  ];
  return servers.flatMap(({ name, at, untested }) =>
    at.kind === "available" ? [] : [{ name, reason: at.reason ?? "", untested }],
  );
}

/** One line for each, for the end of a run. */
export function describeMissing(missing: readonly MissingServer[]): string {
  return missing.map(({ name, reason, untested }) => `missing ${name}: ${reason}; not tested: ${untested}\n`).join("");
}
