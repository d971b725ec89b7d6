/**
 * The door to node:sqlite: opens the embedded store in one file and hands it out as a `Store`.
 *
 * Nothing else imports node:sqlite. Write-ahead log with `synchronous=FULL`: a commit is on the disk before it resolves.
 * Invariant: one process per file, held by SQLite's own lock, which ends with the process however that ends.
 */
import { backup, DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from "kysely";
import type { Store } from "../store.ts";
import { migrate, type Migration } from "./migrate.ts";
import { migrations as allMigrations } from "./migrations.ts";
import type { Tables } from "./schema.ts";
import { nameStoreErrors, type StoreReason } from "../store-error.ts";
import { SqlStore, type StoreDialect } from "./sql-store.ts";

export interface SqliteStoreOptions {
  /** Path of the database file, or `:memory:`. Made when absent; its folder must exist. */
  readonly file: string;
  /** Recorded with schema steps that are applied now, ISO 8601. */
  readonly openedAt: string;
  /** Default: every step this program knows. */
  readonly migrations?: readonly Migration[];
  /** Pages of 4 KiB that the file may grow to; beyond, changes are refused as `full`. Default: what the disk holds. */
  readonly pagesMax?: number;
}

/** The embedded store. */
export interface SqliteStore extends Store {
  /** Writes all of it, as it is at one moment, into a new database `file`, while it goes on being used. */
  copyTo(file: string): Promise<void>;
}

/**
 * The store in `file`, brought to the present schema. The caller closes it.
 * @throws when another process has it open, it is not a database, or a newer program wrote it.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const database = openDatabase(options.file, options.pagesMax);
  const db = overDatabase(database);
  try {
    const { migrations = allMigrations, openedAt: appliedAt } = options;
    await migrate(db, { migrations, appliedAt, dialect: { lock: nothing, complete: nothing } });
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const store = new SqlStore(db, sqliteDialect);
  return {
    read: (work) => store.read(work),
    change: (work) => store.change(work),
    close: () => store.close(),
    copyTo: (file) => nameStoreErrors(database.copyTo(file), sqliteReasonOf),
  };
}

/** The tables of an open database; closing them closes it. */
export function overDatabase(database: SqliteDatabase): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
}

/** The file has one connection, so that its transactions run one after the other, and nobody else's. */
const sqliteDialect: StoreDialect = {
  read: (db, work) => db.transaction().execute(work),
  change: (db, work) => db.transaction().execute(work),
  reasonOf: sqliteReasonOf,
};

function nothing(): Promise<void> {
  return Promise.resolve();
}

/** By SQLite's result codes (https://sqlite.org/rescode.html). */
export function sqliteReasonOf(error: unknown): StoreReason | null {
  const code = resultCodeOf(error);
  if (code === null) return null;
  if (code === SQLITE_CONSTRAINT_FOREIGNKEY) return "reference";
  return primaryReasons.get(code & 0xff) ?? null;
}

function resultCodeOf(error: unknown): number | null {
  const isOurs = typeof error === "object" && error !== null && "errcode" in error;
  return isOurs && typeof error.errcode === "number" ? error.errcode : null;
}

/** What Kysely asks of better-sqlite3, over node:sqlite. */
export function openDatabase(file: string, pagesMax?: number): CopiedDatabase {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { enableForeignKeyConstraints: true, defensive: true, timeout: 500 });
    database.exec("pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full;");
    if (pagesMax !== undefined) database.exec(`pragma max_page_count = ${String(pagesMax)}`);
    // Takes the lock now, not at the first change.
    database.exec("begin immediate; commit;");
    return new Database(database);
  } catch (error) {
    database?.close();
    throw new Error(`Cannot open the store: ${reasonOf(error)}: received ${file}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (resultCodeOf(error) === SQLITE_BUSY) return "another process has it open";
  return error instanceof Error ? error.message : String(error);
}

const SQLITE_BUSY = 5;
const SQLITE_CONSTRAINT_FOREIGNKEY = 787;
const primaryReasons: ReadonlyMap<number, StoreReason> = new Map<number, StoreReason>([
  [SQLITE_BUSY, "busy"],
  [6, "busy"],
  [8, "readOnly"],
  [10, "damaged"],
  [11, "damaged"],
  [13, "full"],
  [14, "unavailable"],
  [19, "duplicate"],
  [26, "damaged"],
]);
/** Statements kept prepared; the store has fewer distinct ones, and a bound list of placeholders makes new ones rarely. */
const STATEMENTS_MAX = 256;
/** Of 4 KiB; the store answers between two steps. */
const PAGES_AT_ONCE = 256;

/** A database that can be copied while it is used. */
export interface CopiedDatabase extends SqliteDatabase {
  copyTo(file: string): Promise<void>;
}

class Database implements CopiedDatabase {
  readonly #database: DatabaseSync;
  /** Least recently used first. */
  readonly #statements = new Map<string, Statement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** Some pages at a time, in a thread of the pool; what changes meanwhile is in the copy as well. */
  async copyTo(file: string): Promise<void> {
    await backup(this.#database, file, { rate: PAGES_AT_ONCE });
  }

  prepare(text: string): SqliteStatement {
    // When there is no room, SQLite has undone the transaction by itself, and the error that matters is the one before.
    if (text === "rollback" && !this.#database.isTransaction) return nothingToUndo;
    const statement = this.#statements.get(text) ?? new Statement(this.#database.prepare(text));
    this.#statements.delete(text);
    this.#statements.set(text, statement);
    if (this.#statements.size > STATEMENTS_MAX) {
      const [oldest] = this.#statements.keys();
      if (oldest !== undefined) this.#statements.delete(oldest);
    }
    return statement;
  }
}

const nothingToUndo: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

class Statement implements SqliteStatement {
  readonly reader: boolean;
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...bound(parameters));
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...bound(parameters));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...bound(parameters));
  }
}

/** node:sqlite refuses what it cannot bind (undefined, booleans, objects) with a TypeError of its own. */
function bound(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[];
}
