/** Audit records: read in pages, exported as CSV, forgotten when they are too old. */
import { auditLimits, type AuditFilter, type AuditPage, type AuditRecord } from "../../sdk/audit.ts";
import type { Clock } from "../clock.ts";
import type { NewAuditRecord, Store } from "../store.ts";
import { csvLine } from "./csv-line.ts";

export interface AuditServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly keepDays: number;
}

const dayMs = 86_400_000;

export class AuditService {
  readonly #options: AuditServiceOptions;

  constructor(options: AuditServiceOptions) {
    this.#options = options;
  }

  /** Records what was not recorded with a change. */
  async add(record: NewAuditRecord): Promise<void> {
    await this.#options.store.change(({ audit }) => audit.add(record));
  }

  async page(
    filter: AuditFilter,
    { before, limit }: { readonly before: number | null; readonly limit: number },
  ): Promise<AuditPage> {
    const found = await this.#options.store.read(({ audit }) => audit.list(filter, { before, limit: limit + 1 }));
    const records = found.slice(0, limit);
    return { records, next: found.length > limit ? (records.at(-1)?.sequence ?? null) : null };
  }

  /** Everything that matches as lines of CSV, newest first, a page at a time. */
  async *csv(filter: AuditFilter): AsyncGenerator<string> {
    yield csvLine(columns);
    for (let before: number | null = null; ;) {
      const { records, next }: AuditPage = await this.page(filter, { before, limit: auditLimits.pageMax });
      yield records.map((record) => csvLine(columns.map((column) => String(record[column] ?? "")))).join("");
      if (next === null) return;
      before = next;
    }
  }

  /** Answers how many were too old. */
  sweep(): Promise<number> {
    const { store, clock, keepDays } = this.#options;
    const time = new Date(clock.now() - keepDays * dayMs).toISOString();
    return store.change(({ audit }) => audit.deleteBefore(time));
  }
}

const columns = [
  "sequence",
  "time",
  "actor",
  "tokenId",
  "action",
  "resource",
  "detail",
  "level",
  "outcome",
  "code",
  "requestId",
] as const satisfies readonly (keyof AuditRecord)[];
