/** Functions by name: created, listed, changed, deleted. Their versions and aliases have services of their own. */
import type { CreateFunction, FunctionResource, FunctionUpdate } from "../../sdk/api.ts";
import { parseFunctionName } from "../../sdk/function-name.ts";
import { timestamp, type Clock } from "../clock.ts";
import { conflict, requireValid } from "../control-error.ts";
import { describeBinding } from "../domains/rule-references.ts";
import { requireRoom } from "../quotas/require-room.ts";
import { Unchanged, type RevisionService } from "../rollout/revision-service.ts";
import type { Store } from "../store.ts";
import { requireFunction } from "./require-row.ts";
import { readFunctionResource } from "./resources.ts";

export interface FunctionServiceOptions {
  readonly store: Store;
  readonly revisions: RevisionService;
  readonly clock: Clock;
}

export class FunctionService {
  readonly #options: FunctionServiceOptions;

  constructor(options: FunctionServiceOptions) {
    this.#options = options;
  }

  list(): Promise<readonly FunctionResource[]> {
    return this.#options.store.read(async (view) => {
      const resources: FunctionResource[] = [];
      for (const row of await view.functions.list()) resources.push(await readFunctionResource(view, row));
      return resources;
    });
  }

  /** @throws ControlError NOT_FOUND. */
  get(name: string): Promise<FunctionResource> {
    return this.#options.store.read(async (view) => readFunctionResource(view, await requireFunction(view, name)));
  }

  /** Nodes need not learn of a function that has no version. @throws ControlError INPUT_INVALID, CONFLICT, LIMIT_REACHED. */
  async create(input: CreateFunction): Promise<FunctionResource> {
    const { store, clock } = this.#options;
    const name = requireValid(parseFunctionName(input.name));
    const row = { name, description: input.description ?? "", enabled: true, createdAt: timestamp(clock) };
    return store.change(async (tables) => {
      if ((await tables.functions.get(name)) !== null) throw conflict(`There is a function "${name}" already.`);
      await requireRoom(tables, "functions");
      await tables.functions.insert(row);
      return readFunctionResource(tables, row);
    });
  }

  /** Absent keys stay as they are. @throws ControlError NOT_FOUND. */
  async update(name: string, { description, enabled }: FunctionUpdate): Promise<FunctionResource> {
    const { value } = await this.#options.revisions.change(async (tables) => {
      const row = await requireFunction(tables, name);
      const changed = { ...row, description: description ?? row.description, enabled: enabled ?? row.enabled };
      await tables.functions.update(name, changed);
      const resource = await readFunctionResource(tables, changed);
      return changed.enabled === row.enabled ? new Unchanged(resource) : resource;
    });
    return value;
  }

  /** With all versions and aliases. @throws ControlError NOT_FOUND, CONFLICT while a rule names the function. */
  async delete(name: string): Promise<void> {
    await this.#options.revisions.change(async (tables) => {
      await requireFunction(tables, name);
      const bound = await tables.domains.rulesOf(name);
      if (bound.length > 0)
        throw conflict(`Rules name function "${name}": remove them first.`, bound.map(describeBinding));
      await tables.functions.delete(name);
    });
  }
}
