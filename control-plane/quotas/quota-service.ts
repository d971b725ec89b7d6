/** Quotas as they are shown and changed. */
import { quotaNames, quotas, type QuotaName, type QuotaResource } from "../../sdk/quota.ts";
import { invalidInput, notFound } from "../control-error.ts";
import type { Store, StoreView } from "../store.ts";

export class QuotaService {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  list(): Promise<readonly QuotaResource[]> {
    return this.#store.read(async (view) => {
      const resources: QuotaResource[] = [];
      for (const name of quotaNames) resources.push(await describeQuota(view, name));
      return resources;
    });
  }

  /** @throws ControlError NOT_FOUND, INPUT_INVALID. */
  async set(given: string, value: number): Promise<QuotaResource> {
    const name = requireName(given);
    const { min, max } = quotas[name];
    if (value < min || value > max) {
      const message = `received ${String(value)}, allowed: an integer ${String(min)}..${String(max)}`;
      throw invalidInput([{ path: "value", message }]);
    }
    return this.#store.change(async (tables) => {
      await tables.quotas.put(name, value);
      return describeQuota(tables, name);
    });
  }

  /** Back to the default. @throws ControlError NOT_FOUND. */
  async reset(given: string): Promise<void> {
    const name = requireName(given);
    await this.#store.change(({ quotas: table }) => table.delete(name));
  }
}

async function describeQuota(view: StoreView, name: QuotaName): Promise<QuotaResource> {
  const value = (await view.quotas.get(name)) ?? quotas[name].default;
  return { name, value, used: await view.quotas.used(name, null), ...quotas[name] };
}

function requireName(name: string): QuotaName {
  const found = quotaNames.find((known) => known === name);
  if (found === undefined) throw notFound(`quota "${name}": there are ${quotaNames.join(", ")}`);
  return found;
}
