/**
 * Writes that arrive in the same turn of the event loop become one transaction, so that one wait for the disk serves all of them.
 *
 * Knows SQL's transactions and nothing of what is written. Invariants: a write resolves after its transaction is on the disk; when a group fails
 * each of its writes is tried in a transaction of its own, so that one that does not fit refuses no other; a write that failed left nothing behind.
 */
import type { SqliteDatabase } from "kysely";

export interface GroupCommitOptions {
  readonly database: Pick<SqliteDatabase, "prepare">;
  /** What was done in memory beside rows that were undone is to be put right. */
  readonly onUndone: () => void;
}

interface Write {
  /** Null once it has resolved or was refused. */
  readonly run: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Write[] = [];
  #scheduled = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Runs `work`, which is synchronous, in the next transaction. Resolves with what it returned. */
  write<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let done: () => void = () => {};
      const run = (): void => {
        const value = work();
        done = () => {
          resolve(value);
        };
      };
      this.#waiting.push({ run, resolve: () => done(), reject });
      this.#schedule();
    });
  }

  /** Everything that waits is written now. */
  flush(): void {
    const group = this.#waiting;
    this.#waiting = [];
    if (group.length === 0) return;
    const error = this.#commit(group);
    if (error === null) return;
    if (group.length === 1) {
      group[0]?.reject(error.cause);
      return;
    }
    for (const write of group) {
      const own = this.#commit([write]);
      if (own !== null) write.reject(own.cause);
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After all that the system had ready in this turn, requests of other connections included.
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Null: done and told. Else why not, and nothing of it is left. */
  #commit(group: readonly Write[]): { readonly cause: unknown } | null {
    const { database, onUndone } = this.#options;
    try {
      database.prepare("begin immediate").run([]);
      for (const { run } of group) run();
      database.prepare("commit").run([]);
    } catch (cause) {
      this.#undo();
      onUndone();
      return { cause };
    }
    for (const { resolve } of group) resolve();
    return null;
  }

  #undo(): void {
    try {
      this.#options.database.prepare("rollback").run([]);
    } catch {
      // There was no transaction: it could not even be begun.
    }
  }
}
