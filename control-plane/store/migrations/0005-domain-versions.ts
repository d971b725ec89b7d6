/** Every state of a domain is kept as a version. What domains there are become version 1. */
import { sql, type Kysely } from "kysely";

/** Runs inside one transaction. */
export async function domainVersions(db: Kysely<unknown>): Promise<void> {
  await sql`alter table domains add column version integer not null default 1`.execute(db);
  await sql`create table domain_versions (
    domain text not null references domains (domain),
    version integer not null,
    created_at text not null,
    author_id text not null,
    author_name text not null,
    comment text not null,
    config text not null,
    rules text not null,
    primary key (domain, version)
  )`.execute(db);
  const domains = await sql<DomainRow>`select domain, config, updated_at from domains`.execute(db);
  for (const { domain, config, updated_at: createdAt } of domains.rows) {
    const rules = await sql<RuleRow>`select * from rules where domain = ${domain} order by position`.execute(db);
    await sql`insert into domain_versions values (${domain}, 1, ${createdAt}, '', '', 'as it was before domains had versions',
      ${config}, ${JSON.stringify(rules.rows.map(toRule))})`.execute(db);
  }
}

interface DomainRow {
  readonly domain: string;
  readonly config: string;
  readonly updated_at: string;
}

interface RuleRow {
  readonly phase: string;
  readonly match_type: string;
  readonly match_content: string | null;
  readonly function: string;
  readonly version: string | null;
  readonly alias: string | null;
  readonly priority: number;
  readonly enabled: number;
  readonly stop: number;
  readonly on_error: string;
}

function toRule(row: RuleRow): object {
  return {
    phase: row.phase,
    matchType: row.match_type,
    ...(row.match_content === null ? {} : { matchContent: row.match_content }),
    function: row.function,
    ...(row.version === null ? {} : { version: row.version }),
    ...(row.alias === null ? {} : { alias: row.alias }),
    priority: row.priority,
    enabled: row.enabled === 1,
    stop: row.stop === 1,
    onError: row.on_error,
  };
}
