/**
 * The store over SQL through Kysely, for any dialect: one class per group of tables, composed here.
 *
 * Knows no dialect and opens nothing. Invariant: every read and every change runs in one transaction of the database.
 */
import type { Kysely } from "kysely";
import type { Store, StoreTables, StoreView } from "../store.ts";
import { nameStoreErrors, type StoreReason } from "../store-error.ts";
import type { Tables } from "./schema.ts";
import { SqlAliases } from "./sql-aliases.ts";
import { SqlAsyncConfigs } from "./sql-async-configs.ts";
import { SqlAudit } from "./sql-audit.ts";
import { SqlCertificates } from "./sql-certificates.ts";
import { SqlDependencies } from "./sql-dependencies.ts";
import { SqlDomainVersions } from "./sql-domain-versions.ts";
import { SqlDomains } from "./sql-domains.ts";
import { SqlAccessKeys, SqlFgsFunctions } from "./sql-functiongraph.ts";
import { SqlFunctions } from "./sql-functions.ts";
import { SqlNodes } from "./sql-nodes.ts";
import { SqlPurges } from "./sql-purges.ts";
import { SqlQuotas } from "./sql-quotas.ts";
import { SqlReserved } from "./sql-reserved.ts";
import { SqlRevisions } from "./sql-revisions.ts";
import { SqlSettings } from "./sql-settings.ts";
import { SqlStagedRollouts } from "./sql-staged-rollouts.ts";
import { SqlTokens } from "./sql-tokens.ts";
import { SqlVersions } from "./sql-versions.ts";

/** What differs between databases. */
export interface StoreDialect {
  /** Runs `work` in a transaction that sees one state and changes nothing. */
  read<T>(db: Kysely<Tables>, work: (transaction: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** Runs `work` in a transaction that no other change runs beside. */
  change<T>(db: Kysely<Tables>, work: (transaction: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** Why the database threw `error`; null when it was not the database, or is none of the reasons. */
  reasonOf(error: unknown): StoreReason | null;
}

export class SqlStore implements Store {
  readonly #db: Kysely<Tables>;
  readonly #dialect: StoreDialect;

  /** Owns `db` and closes it. */
  constructor(db: Kysely<Tables>, dialect: StoreDialect) {
    this.#db = db;
    this.#dialect = dialect;
  }

  read<T>(work: (view: StoreView) => Promise<T>): Promise<T> {
    const running = this.#dialect.read(this.#db, (transaction) => work(tablesOver(transaction)));
    return nameStoreErrors(running, (error) => this.#dialect.reasonOf(error));
  }

  change<T>(work: (tables: StoreTables) => Promise<T>): Promise<T> {
    const running = this.#dialect.change(this.#db, (transaction) => work(tablesOver(transaction)));
    return nameStoreErrors(running, (error) => this.#dialect.reasonOf(error));
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }
}

function tablesOver(db: Kysely<Tables>): StoreTables {
  return {
    functions: new SqlFunctions(db),
    versions: new SqlVersions(db),
    aliases: new SqlAliases(db),
    domains: new SqlDomains(db),
    certificates: new SqlCertificates(db),
    domainVersions: new SqlDomainVersions(db),
    tokens: new SqlTokens(db),
    nodes: new SqlNodes(db),
    revisions: new SqlRevisions(db),
    settings: new SqlSettings(db),
    purges: new SqlPurges(db),
    stagedRollouts: new SqlStagedRollouts(db),
    accessKeys: new SqlAccessKeys(db),
    fgsFunctions: new SqlFgsFunctions(db),
    asyncConfigs: new SqlAsyncConfigs(db),
    audit: new SqlAudit(db),
    quotas: new SqlQuotas(db),
    dependencies: new SqlDependencies(db),
    reserved: new SqlReserved(db),
  };
}
