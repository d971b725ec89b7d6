/** How asynchronous calls of functions are treated: set, shown, removed. Calls that were accepted before keep what they had. */
import type { AsyncConfigResource } from "../../sdk/calls.ts";
import { parseAsyncConfig } from "../../sdk/async-config-parser.ts";
import { latestVersion } from "../../sdk/function-name.ts";
import { timestamp, type Clock } from "../clock.ts";
import { invalidInput, notFound, requireValid } from "../control-error.ts";
import { requireFunction, requireVersion } from "../functions/require-row.ts";
import type { AsyncConfigRow, NewAsyncConfig, Store, StoreView } from "../store.ts";

export interface AsyncConfigServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
}

/** `qualifier` null: the whole function. */
export interface AsyncConfigName {
  readonly functionName: string;
  readonly qualifier: string | null;
}

export class AsyncConfigService {
  readonly #options: AsyncConfigServiceOptions;

  constructor(options: AsyncConfigServiceOptions) {
    this.#options = options;
  }

  /** @throws ControlError NOT_FOUND. */
  list(functionName: string): Promise<readonly AsyncConfigResource[]> {
    return this.#options.store.read(async (view) => {
      await requireFunction(view, functionName);
      return (await view.asyncConfigs.list(functionName)).map(toResource);
    });
  }

  /** What was set under exactly this name. @throws ControlError NOT_FOUND. */
  get({ functionName, qualifier }: AsyncConfigName): Promise<AsyncConfigResource> {
    return this.#options.store.read(async (view) => {
      await requireFunction(view, functionName);
      const row = (await view.asyncConfigs.list(functionName)).find((each) => each.qualifier === qualifier);
      if (row === undefined) throw notFound(describe({ functionName, qualifier }));
      return toResource(row);
    });
  }

  /** @throws ControlError INPUT_INVALID, NOT_FOUND. */
  set({ functionName, qualifier }: AsyncConfigName, input: unknown): Promise<AsyncConfigResource> {
    const config = requireValid(parseAsyncConfig(input));
    const { store, clock } = this.#options;
    return store.change(async (tables) => {
      await requireFunction(tables, functionName);
      const names = await kindOf(tables, { functionName, qualifier });
      await checkDestinations(tables, config);
      const row: NewAsyncConfig = { function: functionName, qualifier, names, config, updatedAt: timestamp(clock) };
      await tables.asyncConfigs.put(row);
      return toResource(row);
    });
  }

  /** @throws ControlError NOT_FOUND. */
  async delete({ functionName, qualifier }: AsyncConfigName): Promise<void> {
    await this.#options.store.change(async (tables) => {
      await requireFunction(tables, functionName);
      const wasThere = await tables.asyncConfigs.delete(functionName, qualifier);
      if (!wasThere) throw notFound(describe({ functionName, qualifier }));
    });
  }
}

async function kindOf(view: StoreView, { functionName, qualifier }: AsyncConfigName): Promise<NewAsyncConfig["names"]> {
  if (qualifier === null || qualifier === latestVersion) return "function";
  if ((await view.aliases.get(functionName, qualifier)) !== null) return "alias";
  await requireVersion(view, { functionName, version: qualifier });
  return "version";
}

/** A function that is a destination exists now; it may be gone when it is called, which its caller's call then says. */
async function checkDestinations(
  view: StoreView,
  config: Pick<AsyncConfigRow["config"], "onSuccess" | "onFailure">,
): Promise<void> {
  for (const key of ["onSuccess", "onFailure"] as const) {
    const destination = config[key];
    if (destination?.kind !== "function" || (await view.functions.get(destination.function)) !== null) continue;
    throw invalidInput([{ path: `${key}.function`, message: `there is no function "${destination.function}"` }]);
  }
}

function describe({ functionName, qualifier }: AsyncConfigName): string {
  const of = qualifier === null ? `function "${functionName}"` : `"${qualifier}" of function "${functionName}"`;
  return `async configuration of ${of}`;
}

function toResource({ function: name, qualifier, config, updatedAt }: AsyncConfigRow): AsyncConfigResource {
  return { function: name, qualifier, ...config, updatedAt };
}
