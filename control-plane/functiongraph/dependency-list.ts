/** Dependencies as functions of FunctionGraph's clients name them: by the ids of their versions (`depend_version_list`, interfaces.md §3.5). */
import { dependencyLimits } from "../../sdk/code-limits.ts";
import type { Dependencies } from "../../sdk/dependency.ts";
import type { DependencyRow, DependencyVersionRow } from "../dependencies/dependency-row.ts";
import type { StoreView } from "../store.ts";
import { FgsError } from "./fgs-error.ts";
import { invalid } from "./function-settings.ts";

export interface UsedDependency {
  readonly row: DependencyRow;
  readonly version: DependencyVersionRow;
}

/** In their order. */
export async function findDependencies(view: StoreView, names: Dependencies): Promise<readonly UsedDependency[]> {
  const found: UsedDependency[] = [];
  for (const [name, number] of Object.entries(names)) {
    const row = await view.dependencies.get(name);
    const version = await view.dependencies.version(name, number);
    if (row !== null && version !== null) found.push({ row, version });
  }
  return found;
}

/** Nothing is said: what is there stays. @throws FgsError FSS.0400, FSS.1045, FSS.1056. */
export async function readDependencyList(
  view: StoreView,
  { input, present }: { readonly input: unknown; readonly present: Dependencies },
): Promise<Dependencies> {
  if (input === undefined || input === null) return present;
  const key = "depend_version_list";
  if (!Array.isArray(input)) {
    throw invalid("FSS.0400", key, { received: input, allowed: "a list of ids of versions of dependencies" });
  }
  const { perFunctionMax } = dependencyLimits;
  if (input.length > perFunctionMax) {
    throw new FgsError("FSS.1045", `${key}: received ${input.length} dependencies, allowed: at most ${perFunctionMax}`);
  }
  const read = new Map<string, number>();
  for (const [index, id] of input.entries()) {
    const version = typeof id === "string" ? await view.dependencies.versionById(id) : null;
    if (version === null) throw new FgsError("FSS.1056", `${key}[${index}]: Not found the dependency`);
    if (read.has(version.dependency)) {
      throw new FgsError("FSS.0400", `${key}[${index}]: allowed: one version of the dependency ${version.dependency}`);
    }
    read.set(version.dependency, version.version);
  }
  return Object.fromEntries(read);
}
