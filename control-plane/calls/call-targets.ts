/**
 * Which version a call's function and qualifier stand for, whether it may run, and how its calls are treated.
 *
 * Looks asked for while another one is under way share the next read of the store. Invariant: a look sees every change that was acknowledged before it
 * was asked for.
 */
import type { AsyncConfig } from "../../sdk/calls.ts";
import { defaultAsyncConfig } from "../../sdk/async-config-parser.ts";
import { latestVersion } from "../../sdk/function-name.ts";
import { requireFunction, requireQualified } from "../functions/require-row.ts";
import type { AsyncConfigRow, Store, StoreView, VersionRow } from "../store.ts";

export interface CallTarget {
  readonly version: VersionRow;
  readonly enabled: boolean;
  /** The alias that was asked for, or null. */
  readonly alias: string | null;
  readonly config: AsyncConfig;
}

interface Look {
  readonly functionName: string;
  readonly qualifier: string;
  readonly waiters: PromiseWithResolvers<CallTarget>[];
}

export class CallTargets {
  readonly #store: Store;
  #waiting = new Map<string, Look>();
  #reading = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws ControlError NOT_FOUND. */
  async resolve(functionName: string, qualifier: string): Promise<CallTarget> {
    const key = JSON.stringify([functionName, qualifier]);
    const look = this.#waiting.get(key) ?? { functionName, qualifier, waiters: [] };
    this.#waiting.set(key, look);
    const waiter = Promise.withResolvers<CallTarget>();
    look.waiters.push(waiter);
    if (!this.#reading) void this.#readAll();
    return waiter.promise;
  }

  /** Never rejects: every failure is told to who waits. */
  async #readAll(): Promise<void> {
    this.#reading = true;
    // What arrives in the same step joins.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const looks = this.#waiting;
      this.#waiting = new Map();
      try {
        await this.#store.read(async (view) => {
          for (const look of looks.values()) await answer(view, look);
        });
      } catch (error) {
        // Those that were answered before do not hear of it.
        for (const { waiters } of looks.values()) for (const { reject } of waiters) reject(error);
      }
    }
    this.#reading = false;
  }
}

async function answer(view: StoreView, { functionName, qualifier, waiters }: Look): Promise<void> {
  try {
    const target = await readTarget(view, { functionName, qualifier });
    for (const { resolve } of waiters) resolve(target);
  } catch (error) {
    for (const { reject } of waiters) reject(error);
  }
}

async function readTarget(
  view: StoreView,
  { functionName, qualifier }: Pick<Look, "functionName" | "qualifier">,
): Promise<CallTarget> {
  const { enabled } = await requireFunction(view, functionName);
  const version = await requireQualified(view, { functionName, qualifier });
  const alias = qualifier === latestVersion || qualifier === version.version ? null : qualifier;
  const config = chooseConfig(await view.asyncConfigs.list(functionName), [qualifier, version.version, null]);
  return { version, enabled, alias, config };
}

/** That of the first qualifier that has one, else the defaults. Pure. */
export function chooseConfig(rows: readonly AsyncConfigRow[], qualifiers: readonly (string | null)[]): AsyncConfig {
  for (const qualifier of qualifiers) {
    const row = rows.find((candidate) => candidate.qualifier === qualifier);
    if (row !== undefined) return row.config;
  }
  return defaultAsyncConfig;
}
