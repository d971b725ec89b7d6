/**
 * Functions as clients of FunctionGraph see them, over the services that everybody uses: created, changed, read, deleted, and their versions.
 *
 * `latest` is the working copy: each change of code or configuration publishes a version whose name no client sees, and removes the one before when
 * nothing names it. Invariant: a change that fails leaves function, environment and code as they were.
 */
import { createHash } from "node:crypto";
import type { PublishRequest } from "../../sdk/api.ts";
import type { Dependencies } from "../../sdk/dependency.ts";
import { fgsLimits } from "../../sdk/fgs-limits.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Uploads } from "../blobs/uploads.ts";
import { timestamp, type Clock } from "../clock.ts";
import { ControlError } from "../control-error.ts";
import type { EnvironmentService } from "../functions/environment-service.ts";
import type { FunctionService } from "../functions/function-service.ts";
import type { VersionService } from "../functions/version-service.ts";
import type { CodeDownload } from "../publish/code-download.ts";
import type { PublishService } from "../publish/publish-service.ts";
import type { EnvironmentRow, FunctionRow, Store, StoreView } from "../store.ts";
import { FgsError } from "./fgs-error.ts";
import { findDependencies, readDependencyList, type UsedDependency } from "./dependency-list.ts";
import { codeResource, configResource } from "./fgs-resources.ts";
import type { FgsFunctionRow } from "./fgs-row.ts";
import { entryOf, fromArchive, readCode, type FunctionCode } from "./function-code.ts";
import {
  instancesRange,
  readInstancesMax,
  readName,
  readSettings,
  type Body,
  type FunctionSettings,
} from "./function-settings.ts";
import { changedInstances, eventOf, instancesOf, limitsOf } from "./instance-settings.ts";
import { readTags } from "./fgs-tags.ts";
import { cutPage, readPage } from "./list-page.ts";
import { draftPrefix, locate, unknownFunction, type Located } from "./locate-function.ts";
import { versionName } from "./version-name.ts";
import type { FunctionUrn } from "./urn.ts";

export interface FgsFunctionServiceOptions {
  readonly download: Pick<CodeDownload, "fetch">;
  readonly store: Store;
  readonly functions: FunctionService;
  readonly environments: EnvironmentService;
  readonly versions: VersionService;
  readonly publishing: PublishService;
  readonly uploads: Uploads;
  readonly artifacts: BlobStore;
  readonly clock: Clock;
}

export class FgsFunctionService {
  readonly #options: FgsFunctionServiceOptions;

  constructor(options: FgsFunctionServiceOptions) {
    this.#options = options;
  }

  /** @throws FgsError, ControlError. */
  async create(project: string, body: Body): Promise<object> {
    const { functions, environments } = this.#options;
    const name = readName(body);
    const settings = readSettings(body, null);
    const code = await readCode(body, { handler: settings.handler, download: this.#options.download });
    const dependencies = await this.#readDependencies(body);
    try {
      await functions.create({ name, description: settings.description });
    } catch (error) {
      if (error instanceof ControlError && error.code === "CONFLICT") {
        throw new FgsError("FSS.1061", "The function has existed");
      }
      throw error;
    }
    try {
      await environments.set(name, { variables: settings.variables ?? {}, secrets: settings.secrets ?? {} });
      const empty = { events: [], triggers: [], aliasDescriptions: {}, drafts: 0, namedContent: null };
      const tags = readTags(body["tags"]);
      await this.#publish({ ...this.#rowOf(name, { settings, code }), ...empty, tags, dependencies }, code);
    } catch (error) {
      await functions.delete(name);
      throw error;
    }
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
    const { codeType, codeFilename, codeDigest, archive } = code;
    const dependencies = await this.#readDependencies(body, row.dependencies);
    const changed = { ...row, codeType, codeFilename, codeDigest, codeBytes: archive.byteLength, dependencies };
    await this.#publish(changed, code);
    return { ...(await this.#codeResource(urn, changed)), func_code: body["func_code"] ?? null };
  }

  async updateConfig(urn: FunctionUrn, body: Body): Promise<object> {
    const { environments, functions, store } = this.#options;
    const row = await this.#latestRow(urn);
    const core = await functions.get(row.function);
    const settings = readSettings(body, { ...row, description: core.description });
    const before = await store.read((view) => view.functions.environment(row.function));
    const { variables, secrets } = await environments.get(row.function);
    const kept = Object.fromEntries(secrets.map((name) => [name, null]));
    await environments.set(row.function, {
      variables: settings.variables ?? variables,
      secrets: settings.secrets ?? kept,
    });
    try {
      const code = await fromArchive(row, await this.#archive(row));
      await this.#publish({ ...row, ...rowSettings(settings) }, code);
    } catch (error) {
      await store.change((tables) => tables.functions.setEnvironment(row.function, before));
      throw error;
    }
    await functions.update(row.function, { description: settings.description });
    return this.config(urn);
  }

  async setInstancesMax(urn: FunctionUrn, body: Body): Promise<object> {
    const row = await this.#latestRow(urn);
    const instancesMax = readInstancesMax(body);
    await this.#publish({ ...row, instancesMax }, await fromArchive(row, await this.#archive(row)));
    if ((instancesMax === 0) !== (row.instancesMax === 0)) {
      await this.#options.functions.update(row.function, { enabled: instancesMax !== 0 });
    }
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
    await this.#publish(
      { ...row, instances: { ...instances, snapshot } },
      await fromArchive(row, await this.#archive(row)),
    );
  }

  /** Of a version its aliases, too. @throws FgsError, ControlError CONFLICT while a rule names it. */
  async delete(urn: FunctionUrn): Promise<void> {
    const { functions, store, versions } = this.#options;
    const { row, version } = await this.find(urn);
    if (urn.qualifier === null) return functions.delete(row.function);
    if (version === null) throw new FgsError("FSS.1015", "latest cannot be deleted, only the whole function");
    const aliases = await store.read((view) => view.aliases.list(row.function));
    if (aliases.some(({ grey }) => grey?.version === version.version)) {
      throw new FgsError("FSS.1094", `version ${version.version} is the grey version of an alias`);
    }
    const newest = await store.read((view) => view.versions.latest(row.function));
    // What latest is does not change with the versions that were made of it.
    if (newest?.version === version.version) await this.#publish(row, await fromArchive(row, await this.#archive(row)));
    const named = aliases.filter((alias) => alias.version === version.version);
    const gone = new Set([version.version, ...named.map(({ name }) => `!${name}`)]);
    await store.change(async (tables) => {
      for (const alias of named) await tables.aliases.delete(row.function, alias.name);
      const present = await tables.fgsFunctions.get(row.function);
      const triggers = present?.triggers.filter(({ qualifier }) => !gone.has(qualifier)) ?? [];
      if (present !== null) await tables.fgsFunctions.put({ ...present, triggers });
    });
    await versions.delete({ functionName: row.function, version: version.version });
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
    const content = await this.#contentOf(row);
    if (row.namedContent === content) throw new FgsError("FSS.1016", "nothing changed since the last version");
    const rows = await store.read(({ versions }) => versions.list(row.function));
    if (rows.some(({ version }) => version === name)) throw new FgsError("FSS.1062", `version ${name} exists already`);
    if (rows.filter(({ version }) => !version.startsWith(draftPrefix)).length >= fgsLimits.versionsMax) {
      throw new FgsError("FSS.0403", `a function has at most ${fgsLimits.versionsMax} versions`);
    }
    const code = await fromArchive(row, await this.#archive(row));
    await this.#publish({ ...row, namedContent: content }, code, { name, description });
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

  #rowOf(
    name: string,
    { settings, code }: { readonly settings: FunctionSettings; readonly code: FunctionCode },
  ): Omit<FgsFunctionRow, NotSettings | "dependencies"> {
    return {
      function: name,
      ...rowSettings(settings),
      codeType: code.codeType,
      codeFilename: code.codeFilename,
      codeBytes: code.archive.byteLength,
      codeDigest: code.codeDigest,
      instancesMax: instancesRange.default,
      modifiedAt: timestamp(this.#options.clock),
    };
  }

  /** Makes the working copy, or a version with a name, what `latest` is; then writes the row. */
  async #publish(
    row: Omit<FgsFunctionRow, "codeBlob">,
    code: FunctionCode,
    named: { readonly name: string; readonly description: string } | null = null,
  ): Promise<void> {
    const { artifacts, clock, publishing, store, uploads } = this.#options;
    const entry = entryOf(code.files, row.handler);
    const digests = await uploads.store(code.files.map(({ bytes }) => bytes));
    const drafts = named === null ? row.drafts + 1 : row.drafts;
    const request: PublishRequest = {
      source: {
        kind: "tree",
        entry,
        files: code.files.map(({ path }, index) => ({ path, digest: digests[index] ?? "" })),
      },
      version: named?.name ?? `${draftPrefix}${drafts}`,
      description: named?.description ?? "",
      limits: limitsOf(row),
      dependencies: row.dependencies,
      event: eventOf(row),
      snapshot: instancesOf(row).snapshot,
    };
    await publishing.publish(row.function, request, { evenIfUnchanged: true });
    const codeBlob = await artifacts.put(code.archive);
    const changed = { ...row, drafts, codeBlob, modifiedAt: timestamp(clock) };
    await store.change(async ({ fgsFunctions }) => {
      const present = await fgsFunctions.get(row.function);
      // What others changed while it was published stays.
      const others = present === null ? {} : pickOthers(present);
      await fgsFunctions.put({ ...changed, ...others });
    });
    await this.#removeDrafts(row.function);
  }

  /** Those that are not the newest version; what a rule or a service names stays. */
  async #removeDrafts(functionName: string): Promise<void> {
    const { store, versions } = this.#options;
    const [, ...older] = await store.read((view) => view.versions.list(functionName));
    for (const { version } of older.filter((row) => row.version.startsWith(draftPrefix))) {
      try {
        await versions.delete({ functionName, version });
      } catch (error) {
        if (!(error instanceof ControlError && error.code === "CONFLICT")) throw error;
      }
    }
  }

  /** What makes one version differ from another. */
  async #contentOf(row: FgsFunctionRow): Promise<string> {
    const { variables, encryptedSecrets } = await this.#options.store.read(({ functions }) =>
      functions.environment(row.function),
    );
    const instances = changedInstances(row);
    const { codeDigest, handler, initializer, timeoutSeconds, memoryMiB, concurrency, runtime } = row;
    const dependencies = Object.entries(row.dependencies);
    const content = {
      codeDigest,
      handler,
      initializer,
      instances,
      timeoutSeconds,
      memoryMiB,
      concurrency,
      runtime,
      variables,
      encryptedSecrets,
      ...(dependencies.length === 0 ? {} : { dependencies }),
    };
    return createHash("sha256").update(JSON.stringify(content)).digest("hex");
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

type NotSettings = "tags" | "events" | "triggers" | "aliasDescriptions" | "drafts" | "namedContent" | "codeBlob";

interface Chosen extends Located {
  readonly core: FunctionRow;
  readonly environment: EnvironmentRow;
  readonly used: readonly UsedDependency[];
}

/** What publishing has no part in. */
function pickOthers({ tags, events, triggers, aliasDescriptions }: FgsFunctionRow): Partial<FgsFunctionRow> {
  return { tags, events, triggers, aliasDescriptions };
}

function rowSettings(settings: FunctionSettings): Omit<FunctionSettings, "description" | "variables" | "secrets"> {
  const { description: _description, variables: _variables, secrets: _secrets, ...rest } = settings;
  return rest;
}
