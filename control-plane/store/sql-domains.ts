/** Domains and their rules in SQL. Rules are columns, not JSON, so that the rules of one function are found by index. */
import type { Kysely, Selectable } from "kysely";
import type { Rule } from "../../sdk/rule.ts";
import type { BoundRule, DomainRow, DomainTable } from "../store.ts";
import type { DomainsTable, RulesTable, Tables } from "./schema.ts";

export class SqlDomains implements DomainTable {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async list(): Promise<readonly DomainRow[]> {
    const domains = await this.#db.selectFrom("domains").selectAll().orderBy("domain").execute();
    const rules = await this.#db.selectFrom("rules").selectAll().orderBy("domain").orderBy("position").execute();
    const byDomain = Map.groupBy(rules, (rule) => rule.domain);
    return domains.map((domain) => toRow(domain, byDomain.get(domain.domain) ?? []));
  }

  async get(domain: string): Promise<DomainRow | null> {
    const row = await this.#db.selectFrom("domains").selectAll().where("domain", "=", domain).executeTakeFirst();
    if (row === undefined) return null;
    const rules = await this.#db
      .selectFrom("rules")
      .selectAll()
      .where("domain", "=", domain)
      .orderBy("position")
      .execute();
    return toRow(row, rules);
  }

  async count(): Promise<number> {
    const row = await this.#db
      .selectFrom("domains")
      .select((select) => select.fn.countAll<number | string>().as("count"))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  async rulesOf(functionName: string): Promise<readonly BoundRule[]> {
    const rules = await this.#db
      .selectFrom("rules")
      .selectAll()
      .where("function", "=", functionName)
      .orderBy("domain")
      .orderBy("position")
      .execute();
    return rules.map((row) => ({ domain: row.domain, rule: toRule(row) }));
  }

  async put({ config, rules, updatedAt, version }: DomainRow): Promise<void> {
    const { domain } = config;
    const values = { config: JSON.stringify(config), updated_at: updatedAt, version };
    await this.#db
      .insertInto("domains")
      .values({ domain, ...values })
      .onConflict((conflict) => conflict.column("domain").doUpdateSet(values))
      .execute();
    await this.#db.deleteFrom("rules").where("domain", "=", domain).execute();
    if (rules.length === 0) return;
    await this.#db
      .insertInto("rules")
      .values(rules.map((rule, position) => toColumns(rule, { domain, position })))
      .execute();
  }

  async delete(domain: string): Promise<void> {
    await this.#db.deleteFrom("rules").where("domain", "=", domain).execute();
    await this.#db.deleteFrom("domain_versions").where("domain", "=", domain).execute();
    await this.#db.deleteFrom("domains").where("domain", "=", domain).execute();
  }
}

function toRow(row: Selectable<DomainsTable>, rules: readonly Selectable<RulesTable>[]): DomainRow {
  return {
    config: JSON.parse(row.config) as DomainRow["config"],
    rules: rules.map(toRule),
    updatedAt: row.updated_at,
    version: row.version,
  };
}

function toRule(row: Selectable<RulesTable>): Rule {
  return {
    phase: row.phase as Rule["phase"],
    matchType: row.match_type as Rule["matchType"],
    ...(row.match_content === null ? {} : { matchContent: row.match_content }),
    function: row.function,
    ...(row.version === null ? {} : { version: row.version }),
    ...(row.alias === null ? {} : { alias: row.alias }),
    priority: row.priority,
    enabled: row.enabled === 1,
    stop: row.stop === 1,
    onError: row.on_error as Rule["onError"],
  };
}

function toColumns(
  rule: Rule,
  { domain, position }: { readonly domain: string; readonly position: number },
): RulesTable {
  return {
    domain,
    position,
    phase: rule.phase,
    match_type: rule.matchType,
    match_content: rule.matchContent ?? null,
    function: rule.function,
    version: rule.version ?? null,
    alias: rule.alias ?? null,
    priority: rule.priority,
    enabled: rule.enabled ? 1 : 0,
    stop: rule.stop ? 1 : 0,
    on_error: rule.onError,
  };
}
