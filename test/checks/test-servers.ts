/** Servers that some tests need and that not every machine has: which are missing, and what that leaves untested. */
import { findPostgres } from "../support/postgres-server.ts";

export interface MissingServer {
  readonly name: string;
  readonly reason: string;
  readonly untested: string;
}

export function missingServers(): MissingServer[] {
  const postgres = findPostgres();
  if (postgres.kind === "available") return [];
  return [{ name: "PostgreSQL", reason: postgres.reason, untested: "the control plane's store on PostgreSQL" }];
}

/** One line for each, for the end of a run. */
export function describeMissing(missing: readonly MissingServer[]): string {
  return missing.map(({ name, reason, untested }) => `missing ${name}: ${reason}; not tested: ${untested}\n`).join("");
}
