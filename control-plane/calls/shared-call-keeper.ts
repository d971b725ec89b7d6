/**
 * Sees to it that every call of a shared queue has somebody: gives this control plane's signs of life, takes from those that are silent what they
 * had, looks up calls of which nobody here knows whether they were leased here, and gives back those that were without anybody here having them.
 *
 * Knows no NATS but what it is given. Invariants: what is taken from a holder waits as it did, and counts neither as an attempt nor as a loss; who is
 * silent is judged when a sign of life of this control plane's own comes back and at no other time, because what others said before it has come, too.
 */
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { CallHolders, holderLimits } from "./call-holders.ts";
import type { NatsStreams } from "./nats-streams.ts";
import { releasedCall } from "./shared-call.ts";
import type { SharedCallIndex } from "./shared-call-index.ts";
import type { SharedCallRecords } from "./shared-call-records.ts";

export interface SharedCallKeeperOptions {
  /** This control plane's own name; another start has another. */
  readonly holder: string;
  readonly streams: NatsStreams;
  readonly index: SharedCallIndex;
  readonly records: SharedCallRecords;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether somebody here works on a call, sends its record, or is about to have one of both. */
  readonly isHeld: (call: { readonly id: string; readonly sequence: number }) => boolean;
  /** Something may be due. */
  readonly onFreed: () => void;
}

/** Calls of a holder that is gone that are taken from it in one round. */
const releasedMax = 1_000;
/** Calls of this control plane that are looked at with each sign of life, those accepted first. */
const ownLookedAtMax = 10_000;
/** Requests to NATS at once where there are many to make. */
const atOnce = 128;

export class SharedCallKeeper {
  readonly #options: SharedCallKeeperOptions;
  readonly #holders: CallHolders;
  /** Ids and sequences of calls of which it is not known what is stored. */
  readonly #doubtful = new Map<string, number>();
  /** Sequence → revision of calls that are had here while nobody here has them, as the last sign of life found them. */
  #strays: ReadonlyMap<number, number> = new Map();
  #beatSequence = 0;
  /** Since when a sign of life of its own has not come back; null: all have. */
  #unheardSinceMs: number | null = null;
  #tending: Promise<void> | null = null;
  #taking: Promise<void> | null = null;
  #cancelBeat: CancelTimer = () => {};
  #closed = false;

  constructor(options: SharedCallKeeperOptions) {
    this.#options = options;
    this.#holders = new CallHolders(options.clock);
  }

  /** From now on this control plane is heard of. */
  async start(): Promise<void> {
    // What was read so far was said long ago.
    this.#holders.restart();
    await this.#beat();
    this.#scheduleBeat();
  }

  heard(holder: string): void {
    this.#holders.heard(holder);
    if (holder !== this.#options.holder) return;
    this.#unheardSinceMs = null;
    const gone = this.#holders.gone(this.#options.index.holders());
    if (gone.length === 0 || this.#closed) return;
    this.#taking ??= this.#takeFrom(gone).finally(() => {
      this.#taking = null;
    });
  }

  /** Nothing could be heard for a while. */
  resumed(): void {
    this.#unheardSinceMs = null;
    this.#holders.restart();
  }

  /** It is not known what is stored of this call. */
  doubt({ id, sequence }: { readonly id: string; readonly sequence: number }): void {
    this.#doubtful.set(id, sequence);
  }

  /** Gives back what this control plane had, the calls named, and says that it is gone. */
  async close(ids: readonly string[]): Promise<void> {
    const { holder, streams, logger } = this.#options;
    this.#closed = true;
    this.#cancelBeat();
    await this.#tending;
    await this.#taking;
    try {
      await inParts(ids, (id) => this.#release(id, holder));
      await streams.remove("holder", this.#beatSequence);
    } catch (error) {
      // Others will notice.
      logger.warn({ error }, "call_queue_goodbye_failed");
    }
  }

  #scheduleBeat(): void {
    if (this.#closed) return;
    this.#cancelBeat = this.#options.clock.after(holderLimits.beatMs, () => {
      this.#scheduleBeat();
      this.#tending ??= this.#tend().finally(() => {
        this.#tending = null;
      });
    });
  }

  async #tend(): Promise<void> {
    const { streams, logger } = this.#options;
    if (!streams.connected) return;
    try {
      if (this.#isDeaf()) {
        logger.warn({}, "call_queue_deaf");
        await streams.watchAnew();
      }
      await this.#beat();
      await this.#resolveDoubts();
      await this.#releaseStrays();
    } catch (error) {
      logger.warn({ error }, "call_queue_tending_failed");
    }
  }

  /** What told of messages is lost with a server of the cluster, and the connection to another one still there. */
  #isDeaf(): boolean {
    return (
      this.#unheardSinceMs !== null && this.#options.clock.monotonicMs() - this.#unheardSinceMs >= holderLimits.deafMs
    );
  }

  async #beat(): Promise<void> {
    const { streams, holder, clock } = this.#options;
    this.#unheardSinceMs ??= clock.monotonicMs();
    this.#beatSequence = (await streams.put("holder", holder, { meta: "", body: "" })) ?? 0;
  }

  /** Calls that may have been leased here without anybody here knowing. */
  async #resolveDoubts(): Promise<void> {
    const { holder, isHeld } = this.#options;
    for (const [id, sequence] of [...this.#doubtful].slice(0, releasedMax)) {
      if (!isHeld({ id, sequence })) await this.#release(id, holder);
      this.#doubtful.delete(id);
    }
  }

  /**
   * A lease whose answer did not come may be stored long after it was looked up. Seen twice in the same state it is not one that somebody here is
   * just settling.
   */
  async #releaseStrays(): Promise<void> {
    const { holder, index, isHeld, logger } = this.#options;
    const before = this.#strays;
    const found = index.ownedBy(holder, ownLookedAtMax).filter((call) => !isHeld(call));
    this.#strays = new Map(found.map(({ sequence, revision }) => [sequence, revision]));
    const strays = found.filter(({ sequence, revision }) => before.get(sequence) === revision).slice(0, releasedMax);
    if (strays.length === 0) return;
    logger.warn({ calls: strays.length }, "call_leases_strayed");
    await inParts(strays, async (call) => {
      if (!isHeld(call)) await this.#release(call.id, holder);
    });
  }

  async #takeFrom(holders: readonly string[]): Promise<void> {
    const { logger, onFreed } = this.#options;
    for (const holder of holders) {
      try {
        await this.#takeFromOne(holder);
      } catch (error) {
        // It is still gone at the next sign of life.
        logger.warn({ holder, error }, "call_holder_kept");
      }
    }
    onFreed();
  }

  async #takeFromOne(holder: string): Promise<void> {
    const { streams, index, logger } = this.#options;
    const sequences = index.heldBy(holder, releasedMax);
    logger.warn({ holder, calls: sequences.length }, "call_holder_gone");
    const ids = sequences.flatMap((sequence) => index.find(sequence)?.call.id ?? []);
    await inParts(ids, (id) => this.#release(id, holder));
    if (sequences.length === releasedMax) return;
    const last = await streams.last("holder", holder);
    if (last !== null) await streams.remove("holder", last.sequence);
    this.#holders.forget(holder);
  }

  /** What a holder had waits again, or is to be sent again. */
  async #release(id: string, holder: string): Promise<void> {
    const { records } = this.#options;
    const stored = await records.refresh(id);
    if (stored === null || stored.call.holder !== holder) return;
    const { call, revision, body } = stored;
    await records.write(releasedCall(call), { expected: revision, body });
  }
}

async function inParts<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += atOnce) await Promise.all(items.slice(from, from + atOnce).map(work));
}
