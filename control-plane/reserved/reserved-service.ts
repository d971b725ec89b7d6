/**
 * Reserved instances of versions and aliases: set, shown, removed. Nodes keep them (edge-node/reserved/).
 *
 * Invariants: when one is set, no other names the same version, it fits the version's `instancesMax`, and the quotas hold. Moving an alias is never
 * refused for a reservation: where two name one version then, the larger number holds.
 */
import { latestVersion } from "../../sdk/function-name.ts";
import type { Problem } from "../../sdk/problem.ts";
import { parseReservedConfig } from "../../sdk/reserved-parser.ts";
import { guaranteedMax, scheduledCount, type ReservedConfig, type ReservedResource } from "../../sdk/reserved.ts";
import type { ReservedGauge } from "../../sdk/statistics.ts";
import { timestamp, type Clock } from "../clock.ts";
import { conflict, invalidInput, notFound, requireValid } from "../control-error.ts";
import { requireFunction, requireQualified } from "../functions/require-row.ts";
import { requireWithin } from "../quotas/require-room.ts";
import type { RevisionService } from "../rollout/revision-service.ts";
import type { StatisticsService } from "../statistics/statistics-service.ts";
import type { Store, StoreView, VersionRow } from "../store.ts";
import type { NewReserved, ReservedRow } from "./reserved-row.ts";

export interface ReservedServiceOptions {
  readonly store: Store;
  readonly revisions: RevisionService;
  readonly statistics: Pick<StatisticsService, "page">;
  readonly clock: Clock;
}

export interface ReservedName {
  readonly functionName: string;
  /** A version, an alias, or `latest`. */
  readonly qualifier: string;
}

/** A row, and the version that it holds for now; null: nothing is published. */
export interface HeldReserved {
  readonly row: ReservedRow;
  readonly version: string | null;
}

/** What was set, and the number of the revision that tells nodes. */
export interface SetReserved {
  readonly reservation: ReservedResource;
  readonly revision: number;
}

export class ReservedService {
  readonly #options: ReservedServiceOptions;

  constructor(options: ReservedServiceOptions) {
    this.#options = options;
  }

  /** @throws ControlError NOT_FOUND. */
  async list(functionName: string): Promise<readonly ReservedResource[]> {
    const held = await this.#options.store.read(async (view) => {
      await requireFunction(view, functionName);
      return holdersOf(view, functionName);
    });
    return this.#resources(held, functionName);
  }

  /** Of every function, by function and qualifier. */
  async listAll(): Promise<readonly ReservedResource[]> {
    const held = await this.#options.store.read(async (view) => {
      const functions = new Set((await view.reserved.listAll()).map((row) => row.function));
      const all: HeldReserved[] = [];
      for (const name of functions) all.push(...(await holdersOf(view, name)));
      return all;
    });
    return this.#resources(held);
  }

  /** What was set under exactly this name. @throws ControlError NOT_FOUND. */
  async get({ functionName, qualifier }: ReservedName): Promise<ReservedResource> {
    const found = (await this.list(functionName)).find((each) => each.qualifier === qualifier);
    if (found === undefined) throw notFound(describe({ functionName, qualifier }));
    return found;
  }

  /** @throws ControlError INPUT_INVALID, NOT_FOUND, CONFLICT, LIMIT_REACHED. */
  async set(name: ReservedName, input: unknown): Promise<SetReserved> {
    const config = requireValid(parseReservedConfig(input));
    const { revisions, clock } = this.#options;
    const { value, revision } = await revisions.change(async (tables) => {
      const { functionName, qualifier } = name;
      const version = await requireQualified(tables, name);
      refuseBeyondMax(config, version);
      const others = await holdersOf(tables, functionName);
      refuseSecond(others, { qualifier, version: version.version });
      const before = others.find(({ row }) => row.qualifier === qualifier)?.row;
      const guaranteed = guaranteedMax(config);
      const row: NewReserved = {
        function: functionName,
        qualifier,
        names: qualifier === latestVersion ? "function" : qualifier === version.version ? "version" : "alias",
        config,
        // One that only adapts counts, too: their number needs a bound.
        instances: Math.max(1, guaranteed),
        memoryMiB: guaranteed * version.limits.memoryMiB,
        updatedAt: timestamp(clock),
      };
      await tables.reserved.put(row);
      if (row.instances > (before?.instances ?? 0)) await requireWithin(tables, "reservedInstances");
      if (row.memoryMiB > (before?.memoryMiB ?? 0)) await requireWithin(tables, "reservedMemoryMiB");
      return { row, version: version.version };
    });
    return { reservation: this.#resource(value, this.#gauges(value.row.function)), revision };
  }

  /** @throws ControlError NOT_FOUND. */
  async delete({ functionName, qualifier }: ReservedName): Promise<void> {
    await this.#options.revisions.change(async (tables) => {
      await requireFunction(tables, functionName);
      const wasThere = await tables.reserved.delete(functionName, qualifier);
      if (!wasThere) throw notFound(describe({ functionName, qualifier }));
    });
  }

  #resources(held: readonly HeldReserved[], functionName?: string): readonly ReservedResource[] {
    if (held.length === 0) return [];
    const gauges = this.#gauges(functionName);
    return held.map((one) => this.#resource(one, gauges));
  }

  /** By function and version: what nodes said last. */
  #gauges(functionName?: string): ReadonlyMap<string, ReservedGauge> {
    const only = functionName === undefined ? {} : { functionName };
    const { functions } = this.#options.statistics.page({ seconds: 1, ...only });
    return new Map(functions.map((row) => [`${row.function} ${row.version}`, row.reserved]));
  }

  #resource({ row, version }: HeldReserved, gauges: ReadonlyMap<string, ReservedGauge>): ReservedResource {
    const { count, schedule } = scheduledCount(row.config, this.#options.clock.now());
    const { wanted, running } = gauges.get(`${row.function} ${version ?? ""}`) ?? { wanted: 0, running: 0 };
    return {
      function: row.function,
      qualifier: row.qualifier,
      version,
      ...row.config,
      countNow: count,
      schedule,
      wanted,
      running,
      updatedAt: row.updatedAt,
    };
  }
}

/** The version that a reservation holds for, by what names it stands in the store. */
export function reservedVersion(
  qualifier: string,
  { latest, aliases }: { readonly latest: string | null; readonly aliases: ReadonlyMap<string, string> },
): string | null {
  return qualifier === latestVersion ? latest : (aliases.get(qualifier) ?? qualifier);
}

async function holdersOf(view: StoreView, functionName: string): Promise<readonly HeldReserved[]> {
  const rows = await view.reserved.list(functionName);
  if (rows.length === 0) return [];
  const latest = (await view.versions.latest(functionName))?.version ?? null;
  const aliases = new Map((await view.aliases.list(functionName)).map(({ name, version }) => [name, version]));
  return rows.map((row) => ({ row, version: reservedVersion(row.qualifier, { latest, aliases }) }));
}

/** @throws ControlError INPUT_INVALID naming each number that is too large. */
function refuseBeyondMax({ count, schedules, metric, recommended }: ReservedConfig, version: VersionRow): void {
  const { instancesMax } = version.limits;
  const asked: readonly (readonly [path: string, value: number])[] = [
    ["count", count],
    ...schedules.map((entry, index) => [`schedules[${index}].count`, entry.count] as const),
    ["metric.max", metric?.max ?? 0],
    ["recommended.max", recommended?.max ?? 0],
  ];
  const problems = asked.flatMap(([path, value]): readonly Problem[] => {
    if (value <= instancesMax) return [];
    const message = `received ${value}, allowed: at most ${instancesMax} ("instancesMax" of version "${version.version}")`;
    return [{ path, message }];
  });
  if (problems.length > 0) throw invalidInput(problems);
}

/** @throws ControlError CONFLICT. */
function refuseSecond(
  others: readonly HeldReserved[],
  { qualifier, version }: { readonly qualifier: string; readonly version: string },
): void {
  const other = others.find((one) => one.version === version && one.row.qualifier !== qualifier)?.row.qualifier;
  if (other === undefined) return;
  const named = other === version ? "of its own" : `through "${other}"`;
  throw conflict(`Version "${version}" has reserved instances ${named} already: delete those first.`, [
    { path: "qualifier", message: `received "${qualifier}", allowed: "${other}", or one that names another version` },
  ]);
}

function describe({ functionName, qualifier }: ReservedName): string {
  return `reserved instances of "${qualifier}" of function "${functionName}"`;
}
