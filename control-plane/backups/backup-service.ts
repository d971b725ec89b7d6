/**
 * Backups of the embedded store: one every so often into the backup folder, and one whenever an administrator asks for it.
 *
 * A store in PostgreSQL is backed up with PostgreSQL's own tools. Invariants: one backup is written at a time; one that fails is logged, shown
 * until the next succeeds, and tried again soon; nothing else depends on it.
 */
import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { BackupState } from "../../sdk/api.ts";
import { timestamp, type CancelTimer, type Clock } from "../clock.ts";
import { conflict, ControlError } from "../control-error.ts";
import type { Logger } from "../logger.ts";
import { writeBackup, type BackupSource } from "./backup-file.ts";
import { BackupFolder } from "./backup-folder.ts";

export interface BackupServiceOptions {
  /** Null: the store is in PostgreSQL. */
  readonly source: (BackupSource & { readonly blobFolder: string }) | null;
  readonly folder: string;
  /** 0: none by itself. */
  readonly everyMinutes: number;
  readonly keepDays: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uniqueId: () => string;
}

const minuteMs = 60_000;
/** After one that failed. */
const retryMs = 5 * minuteMs;

export class BackupService {
  readonly #options: BackupServiceOptions;
  readonly #folder: BackupFolder | null;
  #lastAt: string | null = null;
  #isFailing = false;
  #cancel: CancelTimer = () => {};
  #running: Promise<unknown> = Promise.resolve();
  #isWriting = false;
  #closed = false;

  constructor(options: BackupServiceOptions) {
    this.#options = options;
    const { source, folder, keepDays } = options;
    this.#folder = source === null ? null : new BackupFolder({ ...source, folder, keepDays });
  }

  /** Null: none are made by themselves. */
  get state(): BackupState | null {
    if (this.#folder === null || this.#options.everyMinutes === 0) return null;
    return { lastAt: this.#lastAt, isFailing: this.#isFailing };
  }

  /** Begins with one at once when the newest is older than the time between two. */
  async start(): Promise<void> {
    const { folder, clock, everyMinutes, logger } = this.#options;
    if (this.#folder === null) return;
    const everyMs = everyMinutes * minuteMs;
    let newest: number | null = null;
    try {
      // What another life left half sent.
      await rm(join(folder, "tmp"), { recursive: true, force: true });
      newest = await this.#folder.newest();
    } catch (error) {
      // The one that is tried now says what is wrong.
      logger.warn({ error }, "backup_folder_unreadable");
    }
    if (everyMinutes === 0) return;
    if (newest !== null) this.#lastAt = new Date(newest).toISOString();
    this.#schedule(newest === null ? 0 : Math.max(0, Math.min(everyMs, newest + everyMs - clock.now())));
  }

  /**
   * A backup with its blobs inside, to be read to its end; its file is removed with the stream.
   * @throws ControlError CONFLICT where the store is not the embedded one, STORE_BUSY while another is written.
   */
  async create(): Promise<{ readonly bytes: number; readonly stream: Readable }> {
    const { source, folder, clock, uniqueId } = this.#options;
    if (source === null) {
      throw conflict(
        "The store is in PostgreSQL, artifacts included: back it up with pg_dump, and the master key apart.",
      );
    }
    if (this.#isWriting || this.#closed)
      throw new ControlError("STORE_BUSY", { message: "A backup is being written." });
    const temporary = join(folder, "tmp");
    const file = join(temporary, `${uniqueId()}.backup`);
    await this.#alone(async () => {
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      await writeBackup(source, { file, blobs: "inside", createdAt: timestamp(clock) });
    });
    const { size: bytes } = await stat(file);
    const stream = createReadStream(file);
    stream.once("close", () => {
      void rm(file, { force: true });
    });
    return { bytes, stream };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return;
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#running = this.#add();
    });
  }

  async #add(): Promise<void> {
    const { clock, logger, everyMinutes } = this.#options;
    const nowMs = clock.now();
    let nextMs = everyMinutes * minuteMs;
    try {
      if (this.#isWriting) throw new Error("another backup is being written");
      const file = await this.#alone(() => this.#folder?.add(nowMs) ?? Promise.resolve(""));
      this.#lastAt = new Date(nowMs).toISOString();
      this.#isFailing = false;
      logger.debug({ file }, "backup_written");
    } catch (error) {
      this.#isFailing = true;
      logger.error({ error }, "backup_failed");
      nextMs = Math.min(nextMs, retryMs);
    }
    this.#schedule(nextMs);
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    this.#isWriting = true;
    try {
      return await work();
    } finally {
      this.#isWriting = false;
    }
  }
}
