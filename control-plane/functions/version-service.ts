/** Published versions: listed, shown, deleted. Publishing is in publish/. */
import type { VersionResource } from "../../sdk/api.ts";
import type { RevisionService } from "../rollout/revision-service.ts";
import type { Store } from "../store.ts";
import { removeVersion, type VersionName } from "./remove-version.ts";
import { requireFunction, requireVersion } from "./require-row.ts";
import { toVersionResource } from "./resources.ts";

export interface VersionServiceOptions {
  readonly store: Store;
  readonly revisions: RevisionService;
}

export class VersionService {
  readonly #options: VersionServiceOptions;

  constructor(options: VersionServiceOptions) {
    this.#options = options;
  }

  /** Newest first. @throws ControlError NOT_FOUND. */
  list(functionName: string): Promise<readonly VersionResource[]> {
    return this.#options.store.read(async (view) => {
      await requireFunction(view, functionName);
      const aliases = await view.aliases.list(functionName);
      return (await view.versions.list(functionName)).map((row) => toVersionResource(row, aliases));
    });
  }

  /** @throws ControlError NOT_FOUND. */
  get(name: VersionName): Promise<VersionResource> {
    return this.#options.store.read(async (view) => {
      const row = await requireVersion(view, name);
      return toVersionResource(row, await view.aliases.list(name.functionName));
    });
  }

  /**
   * Its name is not free again. @throws ControlError NOT_FOUND, CONFLICT while an alias or a rule names it, or a rule names `latest` and this is it.
   */
  async delete({ functionName, version }: VersionName): Promise<void> {
    await this.#options.revisions.change((tables) => removeVersion(tables, { functionName, version }));
  }
}
