/**
 * Takes purges from the control plane: into the node's table, to every front, to the disk, and only then acknowledged.
 *
 * Invariants: fronts are told at once, whatever the disk does; an acknowledged purge survives kill -9; a purge that came twice, out of order
 * or with a gap before it purges too much, never too little. A purge counts from the instant this node took it, by a clock that never goes back.
 */
import type { DesiredState } from "../../sdk/desired-state.ts";
import type { PurgeAck, PurgePosition, PurgesMessage } from "../../sdk/purge.ts";
import { noPurges } from "../../sdk/purge-position.ts";
import { compileCacheRules, type CompiledCacheRule } from "../cache/cache-rule.ts";
import { PurgeTable, type Purge } from "../cache/purge-table.ts";
import { resolvePurge, type CacheRulesOf } from "../cache/resolve-purge.ts";
import { delay, type Clock } from "../clock.ts";
import type { PurgeFileRead } from "../control/purge-file.ts";
import type { KeptPurges } from "../control/purges-parser.ts";
import type { Logger } from "../logger.ts";
import { BackOff } from "./back-off.ts";

export interface PurgeKeeperOptions {
  readonly file: { load(): Promise<PurgeFileRead>; save(kept: KeptPurges): Promise<void> };
  /** Resolves when no front serves what was purged any more. Never rejects. */
  readonly fronts: { purge(purges: readonly Purge[]): Promise<void> };
  /** The states by whose cache rules entries may be keyed: the one served, and one on its way. */
  readonly states: () => readonly DesiredState[];
  readonly onDone: (ack: Omit<PurgeAck, "node">) => void;
  readonly clock: Clock;
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
  readonly logger: Logger;
}

const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 10_000;

export class PurgeKeeper {
  readonly #options: PurgeKeeperOptions;
  readonly #table = new PurgeTable();
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  /** The wall clock minus the monotonic one when the node started. */
  readonly #offsetMs: number;
  #position: PurgePosition = noPurges;
  /** The disk does not hold what was taken yet. */
  #isDirty = false;
  /** Taken and not acknowledged yet: when the first came, monotonic, and until when fronts are busy with them. */
  #open: { readonly receivedMs: number; readonly fronts: Promise<unknown> } | null = null;
  #running: Promise<void> | null = null;

  constructor(options: PurgeKeeperOptions) {
    this.#options = options;
    this.#offsetMs = options.clock.now() - options.clock.monotonicMs();
    this.#backOff = new BackOff({ minMs: RETRY_MS_MIN, maxMs: RETRY_MS_MAX, random: options.random });
  }

  /** The last purge taken. */
  get position(): PurgePosition {
    return this.#position;
  }

  /** What a front that starts has to know. */
  get purges(): readonly Purge[] {
    return this.#table.snapshot();
  }

  /** What the disk holds. When that cannot be read, everything stored so far counts as purged. */
  async load(): Promise<void> {
    const read = await this.#options.file.load();
    switch (read.kind) {
      case "found":
        this.#position = read.position;
        return this.#table.replace(read.purges);
      case "missing":
        return;
      case "damaged":
        this.#options.logger.error({ reason: read.reason }, "purges.file.damaged");
        this.#table.add(this.#everything(0));
        this.#isDirty = true;
    }
  }

  /** Takes purges before any front runs; they are kept and acknowledged with the next that `offer` takes. */
  catchUp(message: PurgesMessage): void {
    this.#take(message);
  }

  /** Takes purges; acknowledges when every front has them and the disk keeps them. */
  offer(message: PurgesMessage): void {
    if (this.#stop.signal.aborted) return;
    const receivedMs = this.#open?.receivedMs ?? this.#options.clock.monotonicMs();
    const purges = this.#take(message);
    const told = purges.length === 0 ? null : this.#options.fronts.purge(purges);
    this.#open = { receivedMs, fronts: Promise.all([this.#open?.fronts, told]) };
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the node is stopping"));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, onDone } = this.#options;
    while (this.#open !== null && !this.#stop.signal.aborted) {
      const { receivedMs, fronts } = this.#open;
      this.#open = null;
      const position = this.#position;
      await Promise.all([fronts, this.#saveUntilKept()]);
      if (this.#stop.signal.aborted) break;
      onDone({ ...position, applyMs: Math.round(clock.monotonicMs() - receivedMs) });
    }
    // In the same turn as the loop's last look at #open, so that no offer falls between.
    this.#running = null;
  }

  /** The purges that were new, as they went into the table. */
  #take(message: PurgesMessage): readonly Purge[] {
    const { logger } = this.#options;
    const { position } = message;
    const applied = this.#position.sequence;
    const hasGap = message.since > applied;
    if (hasGap) logger.error({ applied, since: message.since }, "purges.gap");
    const taken =
      message.everything || hasGap
        ? [this.#everything(position.sequence)]
        : this.#resolve(message.purges.filter(({ sequence }) => sequence > applied));
    for (const purge of taken) this.#table.add(purge);
    if (message.everything || position.sequence > applied) {
      this.#position = position;
      this.#isDirty = true;
    }
    if (taken.length > 0) logger.info({ sequence: position.sequence, purges: taken.length }, "purges.taken");
    return taken;
  }

  #resolve(tasks: PurgesMessage["purges"]): readonly Purge[] {
    const at = this.#now();
    const rulesOf = this.#cacheRules();
    return tasks.flatMap(({ sequence, mode, targets }) =>
      targets
        .flatMap((target) => resolvePurge(target, rulesOf))
        .map((target): Purge => ({ sequence, mode, at, target })),
    );
  }

  #cacheRules(): CacheRulesOf {
    const states = this.#options.states();
    const compiled = new Map<string, readonly (readonly CompiledCacheRule[])[]>();
    return (domain) => {
      const known = compiled.get(domain);
      if (known !== undefined) return known;
      const configs = states.flatMap(({ domains }) => domains.find(({ config }) => config.domain === domain) ?? []);
      const rules = configs.map(({ config }) => compileCacheRules(config.cache_rules));
      compiled.set(domain, rules);
      return rules;
    };
  }

  #everything(sequence: number): Purge {
    return { sequence, mode: "hard", at: this.#now(), target: { kind: "all", domain: null } };
  }

  /** Not before any instant that a front of this run has seen, even when the wall clock was set back since. */
  #now(): number {
    const { clock } = this.#options;
    return Math.max(clock.now(), Math.ceil(this.#offsetMs + clock.monotonicMs()));
  }

  /** Returns when the disk took it, or the node stops. */
  async #saveUntilKept(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stop;
    while (this.#isDirty && !signal.aborted) {
      this.#isDirty = false;
      try {
        await this.#options.file.save({ position: this.#position, purges: this.#table.snapshot() });
        this.#backOff.reset();
      } catch (error) {
        this.#isDirty = true;
        const delayMs = this.#backOff.nextMs();
        logger.error({ err: error, retryMs: delayMs }, "purges.file.failed");
        await delay(clock, { delayMs, signal });
      }
    }
  }
}
