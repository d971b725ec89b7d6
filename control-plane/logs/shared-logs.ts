/**
 * Log records of all nodes, whichever control plane of the store they are connected to: each keeps what it received and is asked for it.
 *
 * Lines as they come are passed on only to control planes where somebody follows. Invariant: a control plane that does not answer in time leaves its
 * records out, never the answer.
 */
import type { LogRecord } from "../../sdk/desired-state.ts";
import type { Clock } from "../clock.ts";
import type { Replicas } from "../replicas/replicas.ts";
import type { LogBuffer, LogFilter } from "./log-buffer.ts";

/** For the records of other control planes, milliseconds. */
const pageMs = 2_000;

export interface SharedLogsOptions {
  readonly buffer: LogBuffer;
  readonly replicas: Replicas;
  readonly clock: Clock;
  /** Names this control plane. */
  readonly uniqueId: () => string;
}

interface Collecting {
  readonly pages: (readonly LogRecord[])[];
  missing: number;
  readonly finish: () => void;
}

export class SharedLogs {
  readonly #options: SharedLogsOptions;
  readonly #collecting = new Map<string, Collecting>();
  #followers = 0;

  constructor(options: SharedLogsOptions) {
    this.#options = options;
    const { buffer, replicas } = options;
    replicas.onMessage("log-lines", ({ records }) => {
      buffer.pass(records);
    });
    replicas.onMessage("logs-wanted", ({ id, filter, limit }) => {
      replicas.answer(id, { kind: "log-page", id, records: buffer.recent(filter, limit) });
    });
    replicas.onMessage("log-page", ({ id, records }) => {
      const collecting = this.#collecting.get(id);
      if (collecting === undefined) return;
      collecting.pages.push(records);
      if (--collecting.missing === 0) collecting.finish();
    });
  }

  add(records: readonly LogRecord[]): void {
    const { buffer, replicas } = this.#options;
    buffer.add(records);
    const followed = [...replicas.others()].filter(([, { followsLogs }]) => followsLogs).map(([id]) => id);
    replicas.send(followed, { kind: "log-lines", records });
  }

  /** The newest `limit` records that match, oldest first. */
  async recent(filter: LogFilter, limit: number): Promise<readonly LogRecord[]> {
    const { buffer } = this.#options;
    const pages = await this.#ask(filter, limit);
    const own = buffer.recent(filter, limit);
    if (pages.length === 0) return own;
    const all = [own, ...pages].flat().sort((left, right) => left.time - right.time);
    return limit === 0 ? [] : all.slice(-limit);
  }

  /** Gives every later batch, filtered, to `follow`; null when there are too many followers. */
  subscribe(filter: LogFilter, follow: (records: readonly LogRecord[]) => void): (() => void) | null {
    const unsubscribe = this.#options.buffer.subscribe(filter, follow);
    if (unsubscribe === null) return null;
    this.#count(1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      unsubscribe();
      this.#count(-1);
    };
  }

  #count(more: number): void {
    const before = this.#followers;
    this.#followers += more;
    if (before > 0 !== this.#followers > 0) this.#options.replicas.publish({ followsLogs: this.#followers > 0 });
  }

  async #ask(filter: LogFilter, limit: number): Promise<readonly (readonly LogRecord[])[]> {
    const { replicas, clock, uniqueId } = this.#options;
    const others = [...replicas.others().keys()];
    if (others.length === 0) return [];
    const id = uniqueId();
    const { promise, resolve } = Promise.withResolvers<void>();
    const collecting: Collecting = { pages: [], missing: others.length, finish: resolve };
    this.#collecting.set(id, collecting);
    const cancel = clock.after(pageMs, resolve);
    try {
      replicas.send(others, { kind: "logs-wanted", id, filter, limit });
      await promise;
      return collecting.pages;
    } finally {
      cancel();
      this.#collecting.delete(id);
    }
  }
}
