/**
 * The door to PostgreSQL: opens the store in a database that several control planes may share, and hands it out as a `Store`.
 *
 * Nothing else imports pg. Changes hold one advisory lock of the database from their first statement to their commit, so that they run one after
 * the other whoever makes them, and nothing has to be repeated because of others. Invariant: a change resolves after PostgreSQL has committed it;
 * every wait for the server has a bound.
 */
import { Kysely, PostgresDialect, sql } from "kysely";
import { Client, DatabaseError, Pool } from "pg";
import type { Store } from "../store.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { ReplicaBoard } from "../replicas/replica-board.ts";
import { StoreError, type StoreReason } from "../store-error.ts";
import { collateByBytes } from "./collate-by-bytes.ts";
import { migrate, type Migration } from "./migrate.ts";
import { migrations as allMigrations } from "./migrations.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { PostgresBlobs, type SharedBlobOptions } from "./postgres-blobs.ts";
import { PostgresReplicas } from "./postgres-replicas.ts";
import type { Tables } from "./schema.ts";
import { SqlStore, type StoreDialect } from "./sql-store.ts";

export interface PostgresStoreOptions {
  /** `postgresql://user:password@host:port/database`, with `?sslmode=verify-full` where the network is not trusted. */
  readonly url: string;
  /** Recorded with schema steps that are applied now, ISO 8601. */
  readonly openedAt: string;
  /** Default: every step this program knows. */
  readonly migrations?: readonly Migration[];
  /** Told of connections that broke; they are replaced. */
  readonly onConnectionLost?: (error: Error) => void;
}

const postgresLimits = {
  /** Connections of one control plane. One of them makes changes, the others read. */
  connectionsMax: 8,
  connectMs: 5_000,
  statementMs: 30_000,
  /** For the changes of other control planes. */
  lockMs: 10_000,
  /** A transaction whose control plane hangs is ended by the server, so that others get the lock. */
  idleInTransactionMs: 30_000,
  /** Changes of one control plane that wait for their turn; more are refused as busy. */
  changesWaitingMax: 1_000,
} as const;

/** A store that other control planes use as well, and what they share beside its rows. */
export interface PostgresStore extends Store {
  readonly replicas: ReplicaBoard;
  blobs(options: SharedBlobOptions): BlobStore;
  /**
   * Calls `onChange` after every change that any control plane has committed, and everything said on `replicas`; `onLost` once, when it cannot do so
   * any more. What is said in one moment may come as one call.
   */
  listen(listener: { readonly onChange: () => void; readonly onLost: () => void }): Promise<Listening>;
}

export interface Listening {
  close(): Promise<void>;
}

/**
 * The store in the database, brought to the present schema. The caller closes it.
 * @throws when the database cannot be reached or used, or a newer program wrote it. No message holds the URL, which holds a password.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  // Whatever reads it would name it, with its password.
  if (!URL.canParse(options.url))
    throw new Error("Cannot open the store: its URL cannot be read: received (not shown)");
  const pool = new Pool({
    connectionString: options.url,
    max: postgresLimits.connectionsMax,
    connectionTimeoutMillis: postgresLimits.connectMs,
    statement_timeout: postgresLimits.statementMs,
    lock_timeout: postgresLimits.lockMs,
    idle_in_transaction_session_timeout: postgresLimits.idleInTransactionMs,
    application_name: "selvage",
    keepAlive: true,
  });
  // A connection in use tells of its end here, too; without a listener that would end the process.
  pool.on("connect", (client) => client.on("error", (error) => options.onConnectionLost?.(error)));
  pool.on("error", () => {});
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    const { migrations = allMigrations, openedAt: appliedAt } = options;
    await migrate(db, { migrations, appliedAt, dialect: { lock: lockChanges, complete: collateByBytes } });
  } catch (error) {
    await db.destroy();
    if (postgresReasonOf(error) === null) throw error;
    throw new Error(`Cannot open the store: PostgreSQL: ${textOf(error)}`, { cause: error });
  }
  const store = new SqlStore(db, postgresDialect());
  return {
    read: (work) => store.read(work),
    change: (work) => store.change(work),
    close: () => store.close(),
    replicas: new PostgresReplicas(db, { reasonOf: postgresReasonOf, notify: tellListeners }),
    blobs: (blobs) => new PostgresBlobs(db, { ...blobs, reasonOf: postgresReasonOf }),
    listen: (listener) => listenTo(options.url, listener),
  };
}

function postgresDialect(): StoreDialect {
  const changes = new OneAtATime(postgresLimits.changesWaitingMax);
  return {
    read: (db, work) => db.transaction().setIsolationLevel("repeatable read").setAccessMode("read only").execute(work),
    change: (db, work) => {
      if (changes.isFull) throw new StoreError("busy", new Error("too many changes wait"));
      return changes.run(() =>
        // Each statement sees what was committed before it; with a state fixed at the beginning, that would be before the lock.
        db
          .transaction()
          .setIsolationLevel("read committed")
          .execute(async (transaction) => {
            await lockChanges(transaction);
            const value = await work(transaction);
            await tellListeners(transaction);
            return value;
          }),
      );
    },
    reasonOf: postgresReasonOf,
  };
}

/** Any number does that no other program takes in the same database: "selv" in ASCII. */
const changeLock = 0x73_65_6c_76;

async function lockChanges(transaction: Kysely<Tables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(changeLock)})`.execute(transaction);
}

const channel = "selvage";

/** Told when the transaction commits, once however often it is asked for. */
async function tellListeners(transaction: Kysely<Tables>): Promise<void> {
  await sql`select pg_notify(${sql.lit(channel)}, '')`.execute(transaction);
}

/** On a connection of its own: those of the pool come and go. */
async function listenTo(
  url: string,
  { onChange, onLost }: { readonly onChange: () => void; readonly onLost: () => void },
): Promise<Listening> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: postgresLimits.connectMs,
    statement_timeout: postgresLimits.statementMs,
    application_name: "selvage listener",
    keepAlive: true,
  });
  let isLost = false;
  const lose = (): void => {
    if (isLost) return;
    isLost = true;
    onLost();
  };
  client.on("error", lose);
  client.on("end", lose);
  client.on("notification", onChange);
  try {
    await client.connect();
    await client.query(`listen ${channel}`);
  } catch (error) {
    isLost = true;
    await client.end().catch(() => {});
    throw error;
  }
  return {
    close: async () => {
      isLost = true;
      await client.end();
    },
  };
}

/** By SQLSTATE (PostgreSQL, appendix A) and by the errors of a connection. */
export function postgresReasonOf(error: unknown): StoreReason | null {
  if (!(error instanceof Error)) return null;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (error instanceof DatabaseError) return reasonsByState.get(code) ?? reasonsByState.get(code.slice(0, 2)) ?? null;
  const isOfSocket = "syscall" in error && ["connect", "read", "write", "getaddrinfo"].includes(String(error.syscall));
  if (isOfSocket) return "unavailable";
  return connectionMessages.test(error.message) ? "unavailable" : null;
}

const reasonsByState: ReadonlyMap<string, StoreReason> = new Map<string, StoreReason>([
  ["23505", "duplicate"],
  ["23503", "reference"],
  ["25006", "readOnly"],
  ["40001", "busy"],
  ["40P01", "busy"],
  ["55P03", "busy"],
  ["57014", "busy"],
  ["25P03", "busy"],
  ["53100", "full"],
  ["53200", "full"],
  ["54", "full"],
  ["08", "unavailable"],
  ["28", "unavailable"],
  ["3D", "unavailable"],
  ["53", "unavailable"],
  ["57", "unavailable"],
  ["58", "damaged"],
  ["XX", "damaged"],
]);

/** What pg throws without a code when a connection ended or was not made in time. */
const connectionMessages = /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered)/;

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
