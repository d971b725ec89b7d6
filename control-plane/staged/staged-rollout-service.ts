/**
 * Rollouts in steps: started, watched every second, taken forward or back.
 *
 * What nodes count about the two versions is added to the rollout's row, so that any control plane goes on where another stopped. Invariants: an
 * alias moves and its rollout's row changes in one transaction; an alias that is not as its rollout left it was moved by somebody, and the rollout
 * leaves it there; `tick` never rejects, and a rollout whose look fails keeps none of the others from theirs.
 */
import { writtenAbortCondition } from "../../sdk/abort-condition.ts";
import type { NodeFailure } from "../../sdk/desired-state.ts";
import { addTallies, tallyQuantile } from "../../sdk/duration-buckets.ts";
import { stagedRolloutLimits } from "../../sdk/limits.ts";
import type { RolloutSide, StagedRolloutResource, StagedRolloutState } from "../../sdk/staged-rollout.ts";
import type { VersionTally } from "../../sdk/statistics.ts";
import { timestamp, type CancelTimer, type Clock } from "../clock.ts";
import { conflict, ControlError, notFound, requireValid } from "../control-error.ts";
import { moveAlias } from "../functions/alias-move.ts";
import { requireAlias, requireQualified } from "../functions/require-row.ts";
import type { Logger } from "../logger.ts";
import { Unchanged, type RevisionService } from "../rollout/revision-service.ts";
import { StoreError } from "../store-error.ts";
import type { AliasRow, Store, StoreTables } from "../store.ts";
import { abortedRollout, advanceRollout, type Advance } from "./advance-rollout.ts";
import { noCounts } from "./judge-step.ts";
import { parseStagedRollout } from "./staged-rollout-parser.ts";
import type { RolloutCounts, SideCounts, StagedRolloutRow } from "./staged-rollout-row.ts";
import { rolloutRecord } from "./rollout-record.ts";

export interface StagedRolloutServiceOptions {
  readonly store: Store;
  readonly revisions: RevisionService;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uniqueId: () => string;
}

const tickMs = 1_000;

export class StagedRolloutService {
  readonly #options: StagedRolloutServiceOptions;
  /** What came in and is in no row yet: of each running rollout, by version. */
  readonly #pending = new Map<string, Map<string, SideCounts>>();
  #running: readonly StagedRolloutRow[] = [];
  #cancel: CancelTimer = () => {};
  #ticking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: StagedRolloutServiceOptions) {
    this.#options = options;
  }

  /** Begins to watch, those too that ran before. */
  start(): void {
    if (this.#closed) return;
    this.#cancel = this.#options.clock.after(tickMs, () => {
      this.#ticking = this.tick().finally(() => this.start());
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#ticking;
  }

  /** What nodes counted. */
  note(tallies: readonly VersionTally[]): void {
    if (this.#running.length === 0) return;
    for (const { function: name, version, invocations, errors, rejected, durations } of tallies) {
      const counts = { invocations, errors: errors + rejected, durations };
      for (const { id, function: owner, from, to } of this.#running) {
        if (owner !== name || (version !== from && version !== to)) continue;
        const pending = this.#pending.get(id) ?? new Map<string, SideCounts>();
        pending.set(version, sumCounts(pending.get(version) ?? noCounts, counts));
        this.#pending.set(id, pending);
      }
    }
  }

  /** Gives the alias its first step. @throws ControlError INPUT_INVALID, NOT_FOUND, CONFLICT, LIMIT_REACHED. */
  async begin(
    name: { readonly functionName: string; readonly alias: string },
    { input, author }: { readonly input: unknown; readonly author: StagedRolloutRow["author"] },
  ): Promise<StagedRolloutResource> {
    const asked = requireValid(parseStagedRollout(input));
    const { value } = await this.#options.revisions.change(async (tables) => {
      const { functionName, alias } = name;
      const from = await requireAlias(tables, name);
      const to = await requireQualified(tables, { functionName, qualifier: asked.to ?? "latest" });
      await refuseSecond(tables, { alias: from, to: to.version });
      const at = timestamp(this.#options.clock);
      const sides = { old: noCounts, fresh: noCounts };
      const row: StagedRolloutRow = {
        id: this.#options.uniqueId(),
        function: functionName,
        alias,
        from: from.version,
        to: to.version,
        steps: asked.steps,
        everySeconds: asked.everySeconds,
        conditions: asked.conditions,
        sticky: asked.sticky,
        state: "running",
        reason: "",
        step: 0,
        startedAt: at,
        stepStartedAt: at,
        checkedAt: at,
        endedAt: null,
        author,
        counts: { step: sides, all: sides },
      };
      await this.#apply(tables, { kind: "steps", row });
      await tables.stagedRollouts.forgetOldest();
      return row;
    });
    this.#running = [...this.#running, value];
    return toResource(value);
  }

  /** Newest first. */
  async list(query: {
    readonly functionName?: string;
    readonly state?: StagedRolloutState;
  }): Promise<readonly StagedRolloutResource[]> {
    const rows = await this.#options.store.read(({ stagedRollouts }) => stagedRollouts.list(query));
    return rows.map(toResource);
  }

  /** @throws ControlError NOT_FOUND. */
  async get(id: string): Promise<StagedRolloutResource> {
    return toResource(await this.#options.store.read(({ stagedRollouts }) => requireRollout(stagedRollouts, id)));
  }

  /** The alias goes back to where it was. @throws ControlError NOT_FOUND, CONFLICT when it has ended. */
  async cancel(id: string): Promise<StagedRolloutResource> {
    const { value } = await this.#options.revisions.change(async (tables) => {
      const row = await requireRollout(tables.stagedRollouts, id);
      if (row.state !== "running") throw conflict(`Rollout "${id}" has ended: it is ${row.state}.`);
      const endedAt = timestamp(this.#options.clock);
      const back: Advance = { kind: "back", row: { ...row, state: "cancelled", endedAt } };
      return (await this.#supersede(tables, row)) ?? (await this.#apply(tables, back));
    });
    return toResource(value);
  }

  /** Looks at every running rollout once. */
  async tick(): Promise<void> {
    try {
      const running = await this.#options.store.read(({ stagedRollouts }) => stagedRollouts.list({ state: "running" }));
      this.#running = running;
      for (const id of this.#pending.keys()) if (!running.some((row) => row.id === id)) this.#pending.delete(id);
      for (const { id } of running) await this.#lookUnlessItFails(id);
    } catch (error) {
      this.#options.logger.error({ err: error }, "staged_rollouts_failed");
    }
  }

  /** @throws StoreError when nobody can be looked at. */
  async #lookUnlessItFails(id: string): Promise<void> {
    try {
      await this.#look(id);
    } catch (error) {
      if (error instanceof StoreError && error.reason === "unavailable") throw error;
      this.#options.logger.error({ err: error, rollout: id }, "staged_rollout_look_failed");
    }
  }

  async #look(id: string): Promise<void> {
    const taken: ReadonlyMap<string, SideCounts> = this.#pending.get(id) ?? new Map();
    this.#pending.delete(id);
    try {
      await this.#lookWith(id, taken);
    } catch (error) {
      this.#putBack(id, taken);
      throw error;
    }
  }

  async #lookWith(id: string, taken: ReadonlyMap<string, SideCounts>): Promise<void> {
    const { clock, logger, revisions } = this.#options;
    const { value } = await revisions.change(async (tables) => {
      const row = await tables.stagedRollouts.get(id);
      if (row === null || row.state !== "running") return new Unchanged(null);
      const superseded = await this.#supersede(tables, row);
      if (superseded !== null) return new Unchanged(superseded);
      const counted = { ...row, counts: addCounts(row, taken) };
      const refusal = await refusalOf(tables, row);
      const wanted = advanceRollout(counted, { now: clock.now(), refusal });
      const advance = await this.#applyOrGoBack(tables, { wanted, counted });
      if (advance.kind === "stays") return new Unchanged(advance.row);
      await tables.audit.add(rolloutRecord(advance, timestamp(clock)));
      return advance.row;
    });
    if (value === null) return;
    const { state, reason, step, steps } = value;
    if (state === "aborted") logger.warn({ rollout: id, reason }, "staged_rollout_aborted");
    else logger.debug({ rollout: id, state, percent: steps[step] }, "staged_rollout_looked_at");
  }

  /** What became of the rollout: what is wanted, or back when the alias may not be moved so. */
  async #applyOrGoBack(
    tables: StoreTables,
    { wanted, counted }: { readonly wanted: Advance; readonly counted: StagedRolloutRow },
  ): Promise<Advance> {
    try {
      await this.#apply(tables, wanted);
      return wanted;
    } catch (error) {
      // Refused before anything was written, and would be at every later look.
      if (!(error instanceof ControlError) || wanted.kind === "back") throw error;
      const reason = `its next step was refused: ${error.message}`;
      const back = abortedRollout(counted, { now: this.#options.clock.now(), reason });
      await this.#apply(tables, back);
      return back;
    }
  }

  /** Writes the row, and moves the alias as it says. */
  async #apply(tables: StoreTables, { kind, row }: Advance): Promise<StagedRolloutRow> {
    const movedAt = timestamp(this.#options.clock);
    const functionName = row.function;
    if (kind !== "stays") {
      const to = await requireQualified(tables, { functionName, qualifier: kind === "done" ? row.to : row.from });
      const grey = kind === "steps" ? greyOf(row) : null;
      await moveAlias(tables, { alias: row.alias, to, grey, movedAt });
    }
    await tables.stagedRollouts.put(row);
    return row;
  }

  /** The row that says so when the alias is not as the rollout left it; else null. */
  async #supersede(tables: StoreTables, row: StagedRolloutRow): Promise<StagedRolloutRow | null> {
    const alias = await tables.aliases.get(row.function, row.alias);
    const grey = greyOf(row);
    const isOurs =
      alias !== null &&
      alias.version === row.from &&
      alias.grey?.by === "weight" &&
      alias.grey.version === grey.version &&
      alias.grey.weight === grey.weight;
    if (isOurs) return null;
    const endedAt = timestamp(this.#options.clock);
    const ended = { ...row, state: "superseded", reason: "the alias was moved or deleted", endedAt } as const;
    await tables.stagedRollouts.put(ended);
    return ended;
  }

  /** It is in no row: the next look has it. */
  #putBack(id: string, taken: ReadonlyMap<string, SideCounts>): void {
    const pending = this.#pending.get(id) ?? new Map<string, SideCounts>();
    for (const [version, counts] of taken) pending.set(version, sumCounts(pending.get(version) ?? noCounts, counts));
    this.#pending.set(id, pending);
  }
}

function greyOf({ to, steps, step, sticky }: StagedRolloutRow) {
  return { by: "weight", version: to, weight: steps[step] ?? 100, sticky } as const;
}

async function refuseSecond(
  { stagedRollouts }: StoreTables,
  { alias, to }: { readonly alias: AliasRow; readonly to: string },
): Promise<void> {
  if (alias.version === to) throw conflict(`Alias "${alias.name}" names version "${to}" already.`);
  const running = await stagedRollouts.list({ state: "running" });
  const same = running.find((row) => row.function === alias.function && row.alias === alias.name);
  if (same !== undefined) throw conflict(`Rollout "${same.id}" of alias "${alias.name}" is running: cancel it first.`);
  if (alias.grey !== null) throw conflict(`Alias "${alias.name}" has a grey version already: end that first.`);
  const { runningMax } = stagedRolloutLimits;
  if (running.length < runningMax) return;
  throw new ControlError("LIMIT_REACHED", {
    message: `${String(runningMax)} rollouts are running, no more are allowed at once.`,
  });
}

async function requireRollout(
  table: { get(id: string): Promise<StagedRolloutRow | null> },
  id: string,
): Promise<StagedRolloutRow> {
  const row = await table.get(id);
  if (row === null) throw notFound(`rollout "${id}"`);
  return row;
}

/** What the first node says that cannot run the new version. */
async function refusalOf({ nodes, revisions }: StoreTables, row: StagedRolloutRow): Promise<string | null> {
  const { revision } = await revisions.current();
  for (const { node, failures } of await nodes.acksSince(revision)) {
    const found = failures.find((failure) => isOf(failure, row));
    if (found !== undefined) return `node "${node}" cannot run version "${row.to}": ${found.code}: ${found.message}`;
  }
  return null;
}

function isOf(failure: NodeFailure, row: StagedRolloutRow): boolean {
  return "function" in failure && failure.function === row.function && failure.version === row.to;
}

function addCounts(row: StagedRolloutRow, pending: ReadonlyMap<string, SideCounts>): RolloutCounts {
  const [old, fresh] = [pending.get(row.from) ?? noCounts, pending.get(row.to) ?? noCounts];
  const add = (sides: RolloutCounts["step"]): RolloutCounts["step"] => ({
    old: sumCounts(sides.old, old),
    fresh: sumCounts(sides.fresh, fresh),
  });
  return { step: add(row.counts.step), all: add(row.counts.all) };
}

function sumCounts(one: SideCounts, other: SideCounts): SideCounts {
  return {
    invocations: one.invocations + other.invocations,
    errors: one.errors + other.errors,
    durations: addTallies(one.durations, other.durations),
  };
}

function toResource(row: StagedRolloutRow): StagedRolloutResource {
  const side = (version: string, { invocations, errors, durations }: SideCounts): RolloutSide => {
    const p99 = tallyQuantile(durations, 0.99);
    return { version, invocations, errors, p99Ms: p99 === null ? null : Number(p99.toPrecision(3)) };
  };
  return {
    id: row.id,
    function: row.function,
    alias: row.alias,
    state: row.state,
    reason: row.reason,
    steps: row.steps,
    step: row.step,
    everySeconds: row.everySeconds,
    abortIf: row.conditions.map(writtenAbortCondition),
    sticky: row.sticky,
    startedAt: row.startedAt,
    stepStartedAt: row.stepStartedAt,
    endedAt: row.endedAt,
    old: side(row.from, row.counts.all.old),
    new: side(row.to, row.counts.all.fresh),
  };
}
