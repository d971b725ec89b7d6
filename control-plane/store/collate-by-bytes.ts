/**
 * Makes every text column of this schema compare by bytes, as SQLite's do: a database's own collation would list names in the order of a
 * language, and differently on each machine.
 */
import { sql, type Kysely } from "kysely";
import type { Tables } from "./schema.ts";

/** Runs inside the transaction of a schema step. */
export async function collateByBytes(db: Kysely<Tables>): Promise<void> {
  const columns = await sql<{ readonly table_name: string; readonly column_name: string }>`
    select c.relname as table_name, a.attname as column_name
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
      and a.atttypid = 'text'::regtype and a.attcollation <> 'pg_catalog."C"'::regcollation
    order by 1, a.attnum`.execute(db);
  for (const { table_name: table, column_name: column } of columns.rows) {
    await sql`alter table ${sql.table(table)} alter column ${sql.ref(column)} type text collate "C"`.execute(db);
  }
}
