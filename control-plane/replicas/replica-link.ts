/**
 * This control plane among those on one shared store: gives signs of life, judges those of others, carries messages, and looks again
 * whenever something was changed by anyone, at the latest with its next sign of life.
 *
 * Who is alive is judged by this process's own time since a row last changed, so that clocks need not agree. Invariants: one round runs at a
 * time and none is missed; what a failing database interrupts is tried again with the next sign of life.
 */
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { askerOf, type MessageOf, type ReplicaFacts, type ReplicaMessage, type Replicas } from "./replicas.ts";
import type { ReplicaBoard } from "./replica-board.ts";

export const replicaLimits = {
  /** Between signs of life, which are also the poll for changes that nobody was told of, milliseconds. */
  beatMs: 2_000,
  /** Without one for this long a control plane is gone, milliseconds. */
  silenceMs: 10_000,
  /** Messages on their way out; more are dropped. */
  outboxMax: 10_000,
} as const;

interface Listening {
  close(): Promise<void>;
}

export interface ReplicaLinkOptions {
  /** Of this process's life: another start is another replica. */
  readonly id: string;
  readonly board: ReplicaBoard;
  readonly listen: (listener: { readonly onChange: () => void; readonly onLost: () => void }) => Promise<Listening>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uniqueId: () => string;
}

interface Seen {
  readonly beat: number;
  /** Monotonic. */
  readonly changedMs: number;
  readonly facts: ReplicaFacts;
}

export class ReplicaLink implements Replicas {
  readonly id: string;
  readonly #options: ReplicaLinkOptions;
  #look: () => Promise<void> = () => Promise.resolve();
  #facts: ReplicaFacts = { nodes: [], followsLogs: false };
  #isNews = true;
  #beatDue = true;
  #beats = 0;
  #seen: ReadonlyMap<string, Seen> = new Map();
  readonly #messageListeners = new Map<string, ((message: ReplicaMessage) => void)[]>();
  readonly #othersListeners: (() => void)[] = [];
  readonly #outbox: { readonly targets: readonly string[]; readonly message: ReplicaMessage }[] = [];
  #sending: Promise<void> = Promise.resolve();
  #rounds: Promise<void> | null = null;
  #roundWanted = false;
  #listening: Listening | null = null;
  #cancelBeat: CancelTimer = () => {};
  #isFailing = false;
  #started = false;
  #closed = false;

  constructor(options: ReplicaLinkOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** `look` runs in every round, after messages were delivered. Resolves after the first. @throws when the board cannot be used. */
  async start(look: () => Promise<void>): Promise<void> {
    this.#look = look;
    this.#scheduleBeat();
    await this.#round();
    this.#started = true;
    this.#wake();
  }

  others(): ReadonlyMap<string, ReplicaFacts> {
    return new Map([...this.#seen].map(([id, { facts }]) => [id, facts]));
  }

  publish(facts: Partial<ReplicaFacts>): void {
    this.#facts = { ...this.#facts, ...facts };
    this.#isNews = true;
    this.#wake();
  }

  send(targets: readonly string[], message: ReplicaMessage): void {
    if (targets.length === 0 || this.#closed) return;
    if (this.#outbox.length >= replicaLimits.outboxMax) {
      this.#options.logger.warn({ kind: message.kind }, "replica_message_dropped");
      return;
    }
    this.#outbox.push({ targets, message });
    if (this.#outbox.length === 1) this.#sending = this.#sending.then(() => this.#flush());
  }

  answer(id: string, message: ReplicaMessage): boolean {
    const asker = askerOf(id);
    if (asker === null || !this.#seen.has(asker)) return false;
    this.send([asker], message);
    return true;
  }

  onMessage<K extends ReplicaMessage["kind"]>(kind: K, listener: (message: MessageOf<K>) => void): void {
    const listeners = this.#messageListeners.get(kind) ?? [];
    listeners.push((message) => {
      listener(message as MessageOf<K>);
    });
    this.#messageListeners.set(kind, listeners);
  }

  onOthersChanged(listener: () => void): void {
    this.#othersListeners.push(listener);
  }

  /** Others learn at once that this one is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelBeat();
    await this.#sending;
    await this.#rounds;
    await this.#listening?.close();
    try {
      await this.#options.board.forget(this.#options.id);
    } catch (error) {
      // They will notice.
      this.#options.logger.warn({ error }, "replica_goodbye_failed");
    }
  }

  #scheduleBeat(): void {
    this.#cancelBeat = this.#options.clock.after(replicaLimits.beatMs, () => {
      this.#beatDue = true;
      this.#scheduleBeat();
      this.#wake();
    });
  }

  #wake(): void {
    this.#roundWanted = true;
    if (this.#closed || !this.#started) return;
    this.#rounds ??= this.#runRounds().finally(() => {
      this.#rounds = null;
    });
  }

  async #runRounds(): Promise<void> {
    while (this.#roundWanted && !this.#closed) {
      this.#roundWanted = false;
      try {
        await this.#round();
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) this.#options.logger.warn({ error }, "replica_round_failed");
        this.#isFailing = true;
      }
    }
  }

  async #round(): Promise<void> {
    const { board, id } = this.#options;
    if (this.#beatDue) await this.#listen();
    if (this.#beatDue || this.#isNews) {
      const isNews = this.#isNews;
      this.#isNews = false;
      this.#beatDue = false;
      const row = { id, beat: ++this.#beats, facts: JSON.stringify(this.#facts) };
      try {
        await board.beat(row, { isNews });
      } catch (error) {
        this.#isNews ||= isNews;
        throw error;
      }
    }
    await this.#judge();
    for (let bodies = await board.take(id); bodies.length > 0; bodies = await board.take(id)) {
      for (const body of bodies) this.#deliver(JSON.parse(body) as ReplicaMessage);
    }
    await this.#look();
  }

  /** Rounds come with every sign of life in any case, so that listening only makes them come sooner. */
  async #listen(): Promise<void> {
    if (this.#listening !== null) return;
    const { listen, logger } = this.#options;
    try {
      this.#listening = await listen({
        onChange: () => {
          this.#wake();
        },
        onLost: () => {
          this.#listening = null;
          logger.warn({}, "replica_listening_lost");
        },
      });
    } catch (error) {
      logger.warn({ error }, "replica_listening_failed");
    }
  }

  /** Who of the others is alive. */
  async #judge(): Promise<void> {
    const { board, id: ownId, clock, logger } = this.#options;
    const nowMs = clock.monotonicMs();
    const before = this.#seen;
    const next = new Map<string, Seen>();
    for (const { id, beat, facts } of await board.list()) {
      if (id === ownId) continue;
      const known = before.get(id);
      const changedMs = known?.beat === beat ? known.changedMs : nowMs;
      if (nowMs - changedMs < replicaLimits.silenceMs) {
        next.set(id, { beat, changedMs, facts: JSON.parse(facts) as ReplicaFacts });
        continue;
      }
      logger.warn({ replica: id }, "replica_lost");
      await board.forget(id);
    }
    for (const id of next.keys()) if (!before.has(id)) logger.info({ replica: id }, "replica_found");
    this.#seen = next;
    for (const listener of this.#othersListeners) listener();
  }

  #deliver(message: ReplicaMessage): void {
    for (const listener of this.#messageListeners.get(message.kind) ?? []) listener(message);
  }

  async #flush(): Promise<void> {
    const { board, clock, uniqueId, logger } = this.#options;
    const waiting = this.#outbox.splice(0);
    const sentAt = clock.now();
    const messages = waiting.flatMap(({ targets, message }) => {
      const body = JSON.stringify(message);
      return targets.map((target) => ({ id: uniqueId(), target, sentAt, body }));
    });
    try {
      await board.send(messages);
    } catch (error) {
      // Whoever waits for an answer stops waiting at its deadline.
      logger.warn({ error, messages: messages.length }, "replica_messages_failed");
    }
  }
}
