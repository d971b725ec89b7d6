/** Dependencies as clients of FunctionGraph see them (interfaces.md §3.4), over those of everybody. They create private ones only. */
import type { TokenRole } from "../../sdk/api.ts";
import { archiveLimits } from "../../sdk/code-limits.ts";
import { refuseDependencyName } from "../../sdk/dependency.ts";
import { storeLimits } from "../../sdk/limits.ts";
import { ControlError } from "../control-error.ts";
import type { DependencyRow } from "../dependencies/dependency-row.ts";
import type { DependencyService } from "../dependencies/dependency-service.ts";
import type { CodeDownload } from "../publish/code-download.ts";
import type { Store, StoreView } from "../store.ts";
import type { UsedDependency } from "./dependency-list.ts";
import { FgsError } from "./fgs-error.ts";
import { dependencyResource } from "./fgs-resources.ts";
import { decodeBase64, fetchArchive } from "./function-code.ts";
import { invalid, nodeRuntimes, type Body } from "./function-settings.ts";
import { cutPage, readPage, type Query } from "./list-page.ts";

export interface FgsDependenciesOptions {
  readonly store: Store;
  readonly dependencies: Pick<DependencyService, "check" | "take" | "deleteVersion">;
  readonly download: Pick<CodeDownload, "fetch">;
}

export class FgsDependencies {
  readonly #options: FgsDependenciesOptions;

  constructor(options: FgsDependenciesOptions) {
    this.#options = options;
  }

  /** The newest version of each. */
  async list(project: string, query: Query): Promise<object> {
    const page = readPage({ ...query, maxitems: query["maxitems"] ?? query["limit"] });
    const { name = "", runtime = "" } = query;
    const isPublic = readKind(query);
    const newest = await this.#options.store.read(async (view) => {
      const found: UsedDependency[] = [];
      const versions = Map.groupBy(await view.dependencies.versions(), ({ dependency }) => dependency);
      for (const row of await view.dependencies.list()) {
        const [version] = versions.get(row.name) ?? [];
        if (version === undefined || !row.name.includes(name) || (runtime !== "" && version.runtime !== runtime))
          continue;
        if (isPublic === null || isPublic === row.isPublic) found.push({ row, version });
      }
      return found;
    });
    const { shown, ...rest } = cutPage(newest, page);
    return { dependencies: shown.map((one) => dependencyResource(project, one)), ...rest };
  }

  /** The next version of the name, or its first. @throws FgsError. */
  async create(project: string, body: Body, role: TokenRole): Promise<object> {
    const { dependencies } = this.#options;
    const wanted = { ...readWanted(body), isPublic: undefined, role };
    return forClients(async () => {
      await dependencies.check(wanted);
      const { dependency: name, version } = await dependencies.take(wanted, () => this.#archive(body));
      const found = await this.#options.store.read(async (view) => {
        const [row, made] = [await view.dependencies.get(name), await view.dependencies.version(name, version)];
        return row === null || made === null ? null : { row, version: made };
      });
      if (found === null) throw unknown();
      return dependencyResource(project, found);
    });
  }

  /** Newest first. @throws FgsError FSS.1056. */
  async listVersions(project: string, id: string, query: Query): Promise<object> {
    const page = readPage(query);
    const { row, versions } = await this.#options.store.read(async (view) => {
      const found = await requireRow(view, id);
      return { row: found, versions: await view.dependencies.versions(found.name) };
    });
    if (versions.length === 0) throw unknown();
    const { shown, ...rest } = cutPage(versions, page);
    return { dependencies: shown.map((version) => dependencyResource(project, { row, version })), ...rest };
  }

  /** @throws FgsError FSS.1056. */
  async get(project: string, id: string, number: string): Promise<object> {
    const found = await this.#options.store.read((view) => requireVersion(view, id, number));
    return { ...dependencyResource(project, found), download_link: "" };
  }

  /** @throws FgsError FSS.1033 while a function uses it, FSS.0403, FSS.1056. */
  async delete(id: string, number: string, role: TokenRole): Promise<void> {
    const { dependencies, store } = this.#options;
    const { row, version } = await store.read((view) => requireVersion(view, id, number));
    await forClients(() => dependencies.deleteVersion({ name: row.name, version: String(version.version) }, role));
  }

  async #archive(body: Body): Promise<Uint8Array> {
    const { depend_file: file, depend_link: link, depend_type: type = "zip" } = body;
    if (type === "obs") return fetchArchive(link, { key: "depend_link", download: this.#options.download });
    if (type !== "zip") throw invalid("FSS.0400", "depend_type", { received: type, allowed: "zip, obs" });
    const bytes = decodeBase64(file, "depend_file");
    const { bytesMax } = archiveLimits;
    if (bytes.byteLength <= bytesMax) return bytes;
    throw new FgsError("FSS.1071", `depend_file: received ${bytes.byteLength} bytes, allowed: at most ${bytesMax}`);
  }
}

function readWanted(body: Body): { readonly name: string; readonly description: string; readonly runtime: string } {
  const { name, description = "", runtime = "" } = body;
  const allowed = typeof name === "string" ? refuseDependencyName(name) : refuseDependencyName("");
  if (typeof name !== "string" || allowed !== null) {
    throw invalid("FSS.0400", "name", { received: name, allowed: allowed ?? "a name" });
  }
  const max = storeLimits.descriptionCharsMax;
  if (typeof description !== "string" || description.length > max) {
    throw invalid("FSS.1019", "description", { received: description, allowed: `at most ${max} characters` });
  }
  if (typeof runtime === "string" && nodeRuntimes.includes(runtime)) return { name, description, runtime };
  throw invalid("FSS.1005", "runtime", { received: runtime, allowed: nodeRuntimes.join(", ") });
}

/** Null: both. */
function readKind({ dependency_type: type = "", ispublic = "" }: Query): boolean | null {
  if (type === "public" || type === "private") return type === "public";
  if (type !== "" && type !== "all") {
    throw invalid("FSS.0400", "dependency_type", { received: type, allowed: "public, private, all" });
  }
  return ispublic === "" || type === "all" ? null : ispublic === "true";
}

/** `id`: of a dependency, or of one of its versions. */
async function requireRow({ dependencies }: StoreView, id: string): Promise<DependencyRow> {
  const byVersion = await dependencies.versionById(id);
  const row =
    byVersion === null
      ? (await dependencies.list()).find((one) => one.id === id)
      : await dependencies.get(byVersion.dependency);
  if (row === undefined || row === null) throw unknown();
  return row;
}

async function requireVersion(view: StoreView, id: string, number: string): Promise<UsedDependency> {
  const row = await requireRow(view, id);
  const version = /^[1-9]\d{0,8}$/.test(number) ? await view.dependencies.version(row.name, Number(number)) : null;
  if (version === null) throw unknown();
  return { row, version };
}

function unknown(): FgsError {
  return new FgsError("FSS.1056", "Not found the dependency");
}

/** What the core refuses, in the codes of this API. */
async function forClients<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    switch (error.code) {
      case "CONFLICT":
        // Clients know the working copy by that name only.
        throw new FgsError("FSS.1033", error.message.replaceAll(/\bdraft\.\d+/g, "latest"));
      case "LIMIT_REACHED":
        throw new FgsError("FSS.1045", error.message);
      case "INPUT_INVALID":
        throw new FgsError("FSS.1011", error.message);
      case "NOT_FOUND":
        throw unknown();
      default:
        throw error;
    }
  }
}
