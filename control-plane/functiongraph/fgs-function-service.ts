/**
 * Functions as clients of FunctionGraph see them, over the services that everybody uses: created, changed, read, deleted, and their versions.
 *
 * `latest` is the working copy: each change of code or configuration publishes what it is then. Invariant: a change that fails leaves function,
 * environment and code as they were.
 */
import type { Dependencies } from "../../sdk/dependency.ts";
import { fgsLimits } from "../../sdk/fgs-limits.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { AuditTrail } from "../audit/audit-trail.ts";
import type { EnvironmentService } from "../functions/environment-service.ts";
import type { FunctionService } from "../functions/function-service.ts";
import { requireRoom } from "../quotas/require-room.ts";
import type { CodeDownload } from "../publish/code-download.ts";
import type { RevisionService } from "../rollout/revision-service.ts";
import type { EnvironmentRow, FunctionRow, Store, StoreTables, StoreView } from "../store.ts";
import { FgsError } from "./fgs-error.ts";
import {
  FgsPublishing,
  refuseExisting,
  type ChangedRow,
  type EnvironmentChange,
  type FgsPublishingOptions,
} from "./fgs-publishing.ts";
import { findDependencies, readDependencyList, type UsedDependency } from "./dependency-list.ts";
import { codeResource, configResource } from "./fgs-resources.ts";
import type { FgsFunctionRow } from "./fgs-row.ts";
import { fromArchive, readCode, type FunctionCode } from "./function-code.ts";
import {
  instancesRange,
  readInstancesMax,
  readName,
  readSettings,
  type Body,
  type FunctionSettings,
} from "./function-settings.ts";
import { instancesOf } from "./instance-settings.ts";
import { readTags } from "./fgs-tags.ts";
import { cutPage, readPage } from "./list-page.ts";
import { draftPrefix, locate, unknownFunction, type Located } from "./locate-function.ts";
import { removeFgsVersion } from "./remove-fgs-version.ts";
import { versionContent } from "./version-content.ts";
import { versionName } from "./version-name.ts";
import type { FunctionUrn } from "./urn.ts";

export interface FgsFunctionServiceOptions extends FgsPublishingOptions {
  readonly download: Pick<CodeDownload, "fetch">;
  readonly store: Store;
  readonly functions: FunctionService;
  readonly environments: EnvironmentService;
  readonly revisions: RevisionService;
  readonly artifacts: BlobStore;
  readonly trail: Pick<AuditTrail, "name">;
}

export class FgsFunctionService {
  readonly #options: FgsFunctionServiceOptions;
  readonly #publishing: FgsPublishing;

  constructor(options: FgsFunctionServiceOptions) {
    this.#options = options;
    this.#publishing = new FgsPublishing(options);
  }

  /** @throws FgsError, ControlError. */
  async create(project: string, body: Body): Promise<object> {
    const { download, store, trail } = this.#options;
    const name = readName(body);
    trail.name(`function/${name}`);
    const settings = readSettings(body, null);
    const code = await readCode(body, { handler: settings.handler, download });
    const dependencies = await this.#readDependencies(body);
    // Again when it is stored; this look only spares the client the wait.
    await store.read(async (view) => {
      await refuseExisting(view, name);
      await requireRoom(view, "functions");
    });
    const row: ChangedRow = {
      function: name,
      ...rowSettings(settings),
      ...rowCode(code),
      instancesMax: instancesRange.default,
      tags: readTags(body["tags"]),
      events: [],
      triggers: [],
      dependencies,
      aliasDescriptions: {},
      namedContent: null,
    };
    const { description, variables, secrets } = settings;
    const environment = await this.#changeEnvironment(row, { variables: variables ?? {}, secrets: secrets ?? {} });
    await this.#publishing.publish({ base: null, row, code, core: { description }, environment });
    return this.config({ project, package: settings.package, name, qualifier: null });
  }

  /** @throws FgsError FSS.1051, FSS.1052. */
  async config(urn: FunctionUrn): Promise<object> {
    const [config] = await this.#configs(urn.project, async (view) => [await locate(view, urn)]);
    if (config === undefined) throw unknownFunction();
    return config;
  }

  /** With the archive in base64. */
  async code(urn: FunctionUrn): Promise<object> {
    const { row } = await this.find(urn);
    const bytes = await this.#archive(row);
    return {
      ...(await this.#codeResource(urn, row)),
      func_code: { file: Buffer.from(bytes).toString("base64"), link: "" },
    };
  }

  async list(project: string, query: Readonly<Record<string, string | undefined>>): Promise<object> {
    const page = readPage(query);
    const { func_name: name = "", package_name: owner = "" } = query;
    let count = 0;
    let next = 0;
    const functions = await this.#configs(project, async ({ fgsFunctions }) => {
      const rows = await fgsFunctions.list();
      const found = rows.filter((row) => row.function.includes(name) && (owner === "" || row.package === owner));
      const { shown, ...cut } = cutPage(found, page);
      [count, next] = [cut.count, cut.next_marker];
      return shown.map((row) => ({ row, version: null }));
    });
    return { functions, next_marker: next, count };
  }

  async updateCode(urn: FunctionUrn, body: Body): Promise<object> {
    const row = await this.#latestRow(urn);
    const code = await readCode(body, { handler: row.handler, download: this.#options.download });
    const dependencies = await this.#readDependencies(body, row.dependencies);
    const changed = { ...row, ...rowCode(code), dependencies };
    await this.#publishing.publish({ base: row, row: changed, code });
    return { ...(await this.#codeResource(urn, changed)), func_code: body["func_code"] ?? null };
  }

  async updateConfig(urn: FunctionUrn, body: Body): Promise<object> {
    const row = await this.#latestRow(urn);
    const core = await this.#options.functions.get(row.function);
    const settings = readSettings(body, { ...row, description: core.description });
    const { variables, secrets } = settings;
    await this.#publishing.publish({
      base: row,
      row: { ...row, ...rowSettings(settings) },
      code: await this.#codeOf(row),
      core: { description: settings.description },
      ...(variables === null && secrets === null ? {} : { environment: await this.#changeEnvironment(row, settings) }),
    });
    return this.config(urn);
  }

  async setInstancesMax(urn: FunctionUrn, body: Body): Promise<object> {
    const row = await this.#latestRow(urn);
    const instancesMax = readInstancesMax(body);
    const isSwitched = (instancesMax === 0) !== (row.instancesMax === 0);
    await this.#publishing.publish({
      base: row,
      row: { ...row, instancesMax },
      code: await this.#codeOf(row),
      core: isSwitched ? { enabled: instancesMax !== 0 } : {},
    });
    return this.config(urn);
  }

  /** Whether versions of it, `latest` first, start from a snapshot. A version that has a name never changes. */
  async setSnapshot(urn: FunctionUrn, snapshot: boolean): Promise<void> {
    const { row, version } = await this.find(urn);
    if (version !== null) {
      if ((version.snapshot.state === "ready") === snapshot) return;
      throw new FgsError("FSS.1015", "only latest can be changed: versions published from it have what it has then");
    }
    const instances = instancesOf(row);
    if (instances.snapshot === snapshot) return;
    const changed = { ...row, instances: { ...instances, snapshot } };
    await this.#publishing.publish({ base: row, row: changed, code: await this.#codeOf(row) });
  }

  /** Of a version its aliases, too. @throws FgsError FSS.1094, ControlError CONFLICT while a rule names it or one of its aliases. */
  async delete(urn: FunctionUrn): Promise<void> {
    const { functions, revisions, store, trail } = this.#options;
    const { row, version: found } = await this.find(urn);
    const functionName = row.function;
    if (urn.qualifier === null) return functions.delete(functionName);
    if (found === null) throw new FgsError("FSS.1015", "latest cannot be deleted, only the whole function");
    const { version } = found;
    const resource = `function/${functionName}/version/${version}`;
    trail.name(resource);
    const finish = (tables: StoreTables): Promise<void> => removeFgsVersion(tables, { functionName, version });
    const newest = await store.read((view) => view.versions.latest(functionName));
    if (newest?.version !== version) await revisions.change(finish);
    // What latest is does not change with the versions that were made of it.
    else await this.#publishing.publish({ base: row, row, code: await this.#codeOf(row), resource, finish });
  }

  async listVersions(urn: FunctionUrn): Promise<object> {
    const versions = await this.#configs(urn.project, async (view) => {
      const { row } = await locate(view, urn);
      const rows = await view.versions.list(row.function);
      const named = rows.filter(({ version }) => !version.startsWith(draftPrefix));
      return [null, ...named].map((version) => ({ row, version }));
    });
    return { versions, next_marker: versions.length, count: versions.length };
  }

  /** Freezes code and configuration under a name. @throws FgsError FSS.1016 when nothing changed since the last time. */
  async publishVersion(urn: FunctionUrn, body: Body): Promise<object> {
    const { clock, store } = this.#options;
    const row = await this.#latestRow(urn);
    const name = versionName(body["version"], clock.now());
    const description = typeof body["description"] === "string" ? body["description"].slice(0, 512) : "";
    const digest = body["digest"];
    if (typeof digest === "string" && digest !== "" && digest !== row.codeDigest) {
      throw new FgsError("FSS.0409", "digest: the code was changed meanwhile");
    }
    const environment = await store.read((view) => view.functions.environment(row.function));
    const content = versionContent(row, environment);
    if (row.namedContent === content) throw new FgsError("FSS.1016", "nothing changed since the last version");
    const rows = await store.read(({ versions }) => versions.list(row.function));
    if (rows.some(({ version }) => version === name)) throw new FgsError("FSS.1062", `version ${name} exists already`);
    if (rows.filter(({ version }) => !version.startsWith(draftPrefix)).length >= fgsLimits.versionsMax) {
      throw new FgsError("FSS.0403", `a function has at most ${fgsLimits.versionsMax} versions`);
    }
    await this.#publishing.publish({
      base: row,
      row: { ...row, namedContent: content },
      code: await this.#codeOf(row),
      named: { name, description },
      environment: { before: environment, after: environment },
    });
    return this.config({ ...urn, qualifier: { kind: "version", name } });
  }

  /** The function and the version that a URN means; `version` null: latest. @throws FgsError FSS.1051, FSS.1052, FSS.1053. */
  find(urn: FunctionUrn): Promise<Located> {
    return this.#options.store.read((view) => locate(view, urn));
  }

  /** Changes what only clients of FunctionGraph see. */
  async changeRow(urn: FunctionUrn, change: (row: FgsFunctionRow) => FgsFunctionRow): Promise<FgsFunctionRow> {
    return this.#options.store.change(async ({ fgsFunctions }) => {
      const row = await fgsFunctions.get(urn.name);
      if (row === null || row.package !== urn.package) throw unknownFunction();
      const changed = change(row);
      await fgsFunctions.put(changed);
      return changed;
    });
  }

  /** As clients read them, in one look into the store. */
  async #configs(
    project: string,
    choose: (view: StoreView) => Promise<readonly Located[]>,
  ): Promise<readonly object[]> {
    const { environments, store } = this.#options;
    const chosen = await store.read(async (view) => {
      const found: Chosen[] = [];
      for (const one of await choose(view)) {
        const core = await view.functions.get(one.row.function);
        if (core === null) throw unknownFunction();
        const environment = await view.functions.environment(one.row.function);
        const used = await findDependencies(view, (one.version ?? one.row).dependencies);
        found.push({ ...one, core, environment, used });
      }
      return found;
    });
    return chosen.map(({ row, version, core, environment, used }) =>
      configResource({ project, row, version, core, used, ...environments.shown(row.function, environment) }),
    );
  }

  async #latestRow(urn: FunctionUrn): Promise<FgsFunctionRow> {
    const { row, version } = await this.find(urn);
    if (version !== null) throw new FgsError("FSS.1015", "only latest can be changed");
    return row;
  }

  async #archive(row: FgsFunctionRow): Promise<Uint8Array> {
    const bytes = await this.#options.artifacts.read(row.codeBlob);
    if (bytes === null) throw new FgsError("FSS.0500", "the code is not in the store any more");
    return bytes;
  }

  /** Of plain and encrypted variables those stay that the client says nothing of. */
  async #changeEnvironment(
    { function: functionName }: Pick<FgsFunctionRow, "function">,
    { variables, secrets }: Pick<FunctionSettings, "variables" | "secrets">,
  ): Promise<EnvironmentChange> {
    const { environments, store } = this.#options;
    const before = await store.read((view) => view.functions.environment(functionName));
    const present = environments.shown(functionName, before);
    const kept = Object.fromEntries(present.secrets.map((name) => [name, null]));
    const input = { variables: variables ?? present.variables, secrets: secrets ?? kept };
    return { before, after: environments.replaced(input, { functionName, present: before }) };
  }

  async #codeOf(row: FgsFunctionRow): Promise<FunctionCode> {
    return fromArchive(row, await this.#archive(row));
  }

  async #codeResource(urn: FunctionUrn, row: Omit<FgsFunctionRow, "codeBlob">): Promise<object> {
    const used = await this.#options.store.read((view) => findDependencies(view, row.dependencies));
    return codeResource({ urn, row, used });
  }

  #readDependencies(body: Body, present: Dependencies = {}): Promise<Dependencies> {
    return this.#options.store.read((view) =>
      readDependencyList(view, { input: body["depend_version_list"], present }),
    );
  }
}

interface Chosen extends Located {
  readonly core: FunctionRow;
  readonly environment: EnvironmentRow;
  readonly used: readonly UsedDependency[];
}

function rowSettings(settings: FunctionSettings): Omit<FunctionSettings, "description" | "variables" | "secrets"> {
  const { description: _description, variables: _variables, secrets: _secrets, ...rest } = settings;
  return rest;
}

function rowCode({ archive, codeDigest, codeFilename, codeType }: FunctionCode) {
  return { codeType, codeFilename, codeDigest, codeBytes: archive.byteLength };
}
