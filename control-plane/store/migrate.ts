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

/**
 * Applies what is missing of `migrations` (the first is number 1) and answers how many that were.
 * @throws when the database was written by a newer program, or a step fails.
 */
export async function migrate(
  db: Kysely<Tables>,
  { migrations, appliedAt }: { readonly migrations: readonly Migration[]; readonly appliedAt: string },
): Promise<number> {
  await sql`create table if not exists schema_migrations (
    id integer primary key, name text not null, applied_at text not null)`.execute(db);
  const applied = await db.selectFrom("schema_migrations").select(["id", "name"]).orderBy("id").execute();
  for (const [index, { id, name }] of applied.entries()) refuseUnknown({ id, name }, migrations[index], index + 1);
  for (const [index, { name, up }] of migrations.entries()) {
    if (index < applied.length) continue;
    await db.transaction().execute(async (transaction) => {
      await up(transaction as unknown as Kysely<unknown>);
      await transaction
        .insertInto("schema_migrations")
        .values({ id: index + 1, name, applied_at: appliedAt })
        .execute();
    });
  }
  return migrations.length - applied.length;
}

function refuseUnknown(
  found: { readonly id: number; readonly name: string },
  known: Migration | undefined,
  id: number,
): void {
  if (found.id === id && found.name === known?.name) return;
  throw new Error(
    `Cannot open the store: it holds schema step ${String(found.id)} "${found.name}", ` +
      `this program knows ${known === undefined ? "no such step" : `"${known.name}"`}: use the newer program`,
  );
}
