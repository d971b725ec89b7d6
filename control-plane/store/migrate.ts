/**
 * Brings a database to the schema this program knows: forward only, each step in one transaction.
 *
 * Knows no particular database. Invariant: a step is either applied and recorded or neither; a database that a newer program
 * has already taken further, or whose recorded steps differ from ours, is refused and left untouched.
 */
import { sql, type Kysely } from "kysely";
import type { Tables } from "./schema.ts";

export interface Migration {
  /** Like the file's name without its number; recorded and compared. */
  readonly name: string;
  readonly up: (db: Kysely<unknown>) => Promise<void>;
}

export interface MigrateOptions {
  readonly migrations: readonly Migration[];
  /** ISO 8601. */
  readonly appliedAt: string;
  readonly dialect: MigrationDialect;
}

/** What steps need beyond the SQL that all databases understand. */
export interface MigrationDialect {
  /** Waits until nobody else brings this database forward, until the transaction ends. */
  lock(transaction: Kysely<Tables>): Promise<void>;
  /** Completes what a step has made, within its transaction. */
  complete(transaction: Kysely<Tables>): Promise<void>;
}

/**
 * Applies what is missing of `migrations` (the first is number 1) and answers how many that were.
 * @throws when the database was written by a newer program, or a step fails.
 */
export async function migrate(db: Kysely<Tables>, options: MigrateOptions): Promise<number> {
  const { migrations, dialect } = options;
  const known = await db.transaction().execute(async (transaction) => {
    await dialect.lock(transaction);
    await sql`create table if not exists schema_migrations (
      id integer primary key, name text not null, applied_at text not null)`.execute(transaction);
    return refuseUnknown(await listApplied(transaction), migrations);
  });
  for (const index of migrations.keys()) if (index >= known) await applyStep(db, index, options);
  return migrations.length - known;
}

/** One step, unless somebody else applied it meanwhile. */
async function applyStep(
  db: Kysely<Tables>,
  index: number,
  { migrations, appliedAt, dialect }: MigrateOptions,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await dialect.lock(transaction);
    const step = migrations[index];
    if (step === undefined || refuseUnknown(await listApplied(transaction), migrations) > index) return;
    await step.up(transaction as unknown as Kysely<unknown>);
    await dialect.complete(transaction);
    const row = { id: index + 1, name: step.name, applied_at: appliedAt };
    await transaction.insertInto("schema_migrations").values(row).execute();
  });
}

interface AppliedStep {
  readonly id: number;
  readonly name: string;
}

function listApplied(db: Kysely<Tables>): Promise<AppliedStep[]> {
  return db.selectFrom("schema_migrations").select(["id", "name"]).orderBy("id").execute();
}

/** How many steps are applied. @throws when they are not ours. */
function refuseUnknown(applied: readonly AppliedStep[], migrations: readonly Migration[]): number {
  for (const [index, found] of applied.entries()) {
    const known = migrations[index];
    if (found.id === index + 1 && found.name === known?.name) continue;
    throw new Error(
      `Cannot open the store: it holds schema step ${String(found.id)} "${found.name}", ` +
        `this program knows ${known === undefined ? "no such step" : `"${known.name}"`}: use the newer program`,
    );
  }
  return applied.length;
}
