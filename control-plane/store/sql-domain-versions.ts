/** Versions of domains in SQL: whole documents as JSON, because they are only ever read whole. */
import type { Kysely } from "kysely";
import { domainLimits } from "../../sdk/cdn-limits.ts";
import type { DomainVersionRow, DomainVersionSummary, DomainVersionTable } from "../store.ts";
import type { Tables } from "./schema.ts";

export class SqlDomainVersions implements DomainVersionTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(domain: string): Promise<readonly DomainVersionSummary[]> {
    const rows = await this.#db
      .selectFrom("domain_versions")
      .select(["domain", "version", "created_at", "author_id", "author_name", "comment"])
      .where("domain", "=", domain)
      .orderBy("version", "desc")
      .execute();
    return rows.map(toSummary);
  }

  async get(domain: string, version: number): Promise<DomainVersionRow | null> {
    const row = await this.#db
      .selectFrom("domain_versions")
      .selectAll()
      .where("domain", "=", domain)
      .where("version", "=", version)
      .executeTakeFirst();
    if (row === undefined) return null;
    return {
      ...toSummary(row),
      config: JSON.parse(row.config) as DomainVersionRow["config"],
      rules: JSON.parse(row.rules) as DomainVersionRow["rules"],
    };
  }

  async insert({ domain, version, createdAt, author, comment, config, rules }: DomainVersionRow): Promise<void> {
    await this.#db
      .insertInto("domain_versions")
      .values({
        domain,
        version,
        created_at: createdAt,
        author_id: author.tokenId,
        author_name: author.name,
        comment,
        config: JSON.stringify(config),
        rules: JSON.stringify(rules),
      })
      .execute();
    await this.#db
      .deleteFrom("domain_versions")
      .where("domain", "=", domain)
      .where("version", "<=", version - domainLimits.versionsPerDomainMax)
      .execute();
  }
}

interface SummaryColumns {
  readonly domain: string;
  readonly version: number;
  readonly created_at: string;
  readonly author_id: string;
  readonly author_name: string;
  readonly comment: string;
}

function toSummary(row: SummaryColumns): DomainVersionSummary {
  return {
    domain: row.domain,
    version: row.version,
    createdAt: row.created_at,
    author: { tokenId: row.author_id, name: row.author_name },
    comment: row.comment,
  };
}
