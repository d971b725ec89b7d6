/**
 * The newest log records of all nodes, in memory: bounded in number and in characters, the oldest go first.
 *
 * Records are for looking at what just happened; they do not survive a restart. A follower that cannot keep up is told so by the end
 * of its subscription, never by silent gaps.
 */
import type { LogRecord } from "../../sdk/desired-state.ts";
import { messageLimits } from "../../sdk/limits.ts";

export const logLimits = {
  recordsMax: 20_000,
  charsMax: 33_554_432,
  /** Records in one answer. */
  pageMax: 1_000,
  pageDefault: 100,
  followersMax: 100,
} as const;

/** Absent keys match everything; `level` is the lowest wanted. */
export interface LogFilter {
  readonly function?: string;
  readonly requestId?: string;
  readonly level?: LogRecord["level"];
}

const levels: readonly LogRecord["level"][] = ["debug", "info", "warn", "error"];

export class LogBuffer {
  /** Oldest first, from `#first`; dropped ones before it are undefined. */
  readonly #records: (LogRecord | undefined)[] = [];
  #first = 0;
  #chars = 0;
  readonly #followers = new Set<(records: readonly LogRecord[]) => void>();

  /** Messages and stacks longer than `messageLimits.logCharsMax` are cut. */
  add(received: readonly LogRecord[]): void {
    const records = received.map(cutLong);
    for (const record of records) {
      this.#records.push(record);
      this.#chars += sizeOf(record);
    }
    this.#dropOldest();
    this.pass(records);
  }

  /** To followers only: others keep these. */
  pass(records: readonly LogRecord[]): void {
    for (const follow of this.#followers) follow(records);
  }

  /** The newest `limit` records that match, oldest first. */
  recent(filter: LogFilter, limit: number): readonly LogRecord[] {
    const found: LogRecord[] = [];
    for (let index = this.#records.length - 1; index >= this.#first && found.length < limit; index--) {
      const record = this.#records[index];
      if (record !== undefined && matches(record, filter)) found.push(record);
    }
    return found.toReversed();
  }

  /** Gives every later batch, filtered, to `follow`; null when there are `followersMax` already. */
  subscribe(filter: LogFilter, follow: (records: readonly LogRecord[]) => void): (() => void) | null {
    if (this.#followers.size >= logLimits.followersMax) return null;
    const deliver = (records: readonly LogRecord[]): void => {
      const matching = records.filter((record) => matches(record, filter));
      if (matching.length > 0) follow(matching);
    };
    this.#followers.add(deliver);
    return () => {
      this.#followers.delete(deliver);
    };
  }

  #dropOldest(): void {
    while (this.#records.length - this.#first > logLimits.recordsMax || this.#chars > logLimits.charsMax) {
      const oldest = this.#records[this.#first];
      if (oldest === undefined) break;
      this.#chars -= sizeOf(oldest);
      this.#records[this.#first++] = undefined;
    }
    // Moving the rest down for every record dropped would cost more than the records.
    if (this.#first > 1_000 && this.#first * 2 > this.#records.length) {
      this.#records.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

function matches(record: LogRecord, { function: name, requestId, level }: LogFilter): boolean {
  if (name !== undefined && record.function !== name) return false;
  if (requestId !== undefined && record.requestId !== requestId) return false;
  return level === undefined || levels.indexOf(record.level) >= levels.indexOf(level);
}

function cutLong(record: LogRecord): LogRecord {
  const { message, stack } = record;
  const max = messageLimits.logCharsMax;
  if (message.length <= max && (stack?.length ?? 0) <= max) return record;
  return { ...record, message: message.slice(0, max), ...(stack === undefined ? {} : { stack: stack.slice(0, max) }) };
}

function sizeOf({ message, stack }: LogRecord): number {
  return 200 + message.length + (stack?.length ?? 0);
}
