/** Versions say where they may connect to. Those published before may wherever nodes allow, as their signed manifests name no lists. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function egress(db: Kysely<unknown>): Promise<void> {
  await sql`alter table versions add column egress text not null default '{"allow":null,"deny":[]}'`.execute(db);
}
