/** Which version a call's function and qualifier stand for, whether it may run, and how its calls are treated. */
import type { AsyncConfig } from "../../sdk/calls.ts";
import { defaultAsyncConfig } from "../../sdk/async-config-parser.ts";
import { latestVersion } from "../../sdk/function-name.ts";
import { requireFunction, requireQualified } from "../functions/require-row.ts";
import { eventTimeoutMs } from "./event-request.ts";
import { SharedReads } from "../store/shared-reads.ts";
import type { AsyncConfigRow, Store, StoreView, VersionRow } from "../store.ts";

export interface CallTarget {
  readonly version: VersionRow;
  readonly enabled: boolean;
  /** The alias that was asked for, or null. */
  readonly alias: string | null;
  /** What the function itself may take at most, whichever of its alias's versions a node picks. */
  readonly timeoutMs: number;
  readonly config: AsyncConfig;
}

export class CallTargets {
  readonly #reads: SharedReads<CallTarget>;

  constructor(store: Store) {
    this.#reads = new SharedReads(store, (view, key) => {
      const [functionName, qualifier] = JSON.parse(key) as [string, string];
      return readTarget(view, { functionName, qualifier });
    });
  }

  /** @throws ControlError NOT_FOUND. */
  resolve(functionName: string, qualifier: string): Promise<CallTarget> {
    return this.#reads.get(JSON.stringify([functionName, qualifier]));
  }
}

async function readTarget(
  view: StoreView,
  { functionName, qualifier }: { readonly functionName: string; readonly qualifier: string },
): Promise<CallTarget> {
  const { enabled } = await requireFunction(view, functionName);
  const version = await requireQualified(view, { functionName, qualifier });
  const alias = qualifier === latestVersion || qualifier === version.version ? null : qualifier;
  const config = chooseConfig(await view.asyncConfigs.list(functionName), [qualifier, version.version, null]);
  const grey = alias === null ? null : ((await view.aliases.get(functionName, alias))?.grey ?? null);
  const other = grey === null ? null : await view.versions.get(functionName, grey.version);
  const timeoutMs = Math.max(eventTimeoutMs(version), other === null ? 0 : eventTimeoutMs(other));
  return { version, enabled, alias, timeoutMs, config };
}

/** That of the first qualifier that has one, else the defaults. Pure. */
export function chooseConfig(rows: readonly AsyncConfigRow[], qualifiers: readonly (string | null)[]): AsyncConfig {
  for (const qualifier of qualifiers) {
    const row = rows.find((candidate) => candidate.qualifier === qualifier);
    if (row !== undefined) return row.config;
  }
  return defaultAsyncConfig;
}
