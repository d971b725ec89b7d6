/** Published versions: listed, shown, deleted. Publishing is in publish/. */
import type { VersionResource } from "../../sdk/api.ts";
import type { Problem } from "../../sdk/problem.ts";
import { conflict } from "../control-error.ts";
import { describeBinding } from "../domains/rule-references.ts";
import type { RevisionService } from "../rollout/revision-service.ts";
import type { Store, StoreTables } from "../store.ts";
import { requireFunction, requireVersion } from "./require-row.ts";
import { toVersionResource } from "./resources.ts";

export interface VersionServiceOptions {
  readonly store: Store;
  readonly revisions: RevisionService;
}

interface VersionName {
  readonly functionName: string;
  readonly version: string;
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
    await this.#options.revisions.change(async (tables) => {
      await requireVersion(tables, { functionName, version });
      const problems = await findUses(tables, { functionName, version });
      if (problems.length > 0)
        throw conflict(`Version "${version}" of function "${functionName}" is in use.`, problems);
      for (const alias of await tables.aliases.list(functionName)) {
        if (!alias.previous.includes(version)) continue;
        await tables.aliases.put({ ...alias, previous: alias.previous.filter((name) => name !== version) });
      }
      await tables.versions.delete(functionName, version);
    });
  }
}

async function findUses(tables: StoreTables, { functionName, version }: VersionName): Promise<readonly Problem[]> {
  const isLatest = (await tables.versions.latest(functionName))?.version === version;
  const aliases = (await tables.aliases.list(functionName)).filter(
    (alias) => alias.version === version || alias.grey?.version === version,
  );
  const bound = (await tables.domains.rulesOf(functionName)).filter(
    ({ rule }) => rule.version === version || (isLatest && rule.version === "latest"),
  );
  return [
    ...aliases.map(({ name }) => ({ path: `aliases.${name}`, message: "names this version" })),
    ...bound.map(describeBinding),
  ];
}
