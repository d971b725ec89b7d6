/**
 * From source to served: the steps of a publish, in order.
 *
 * The author's code runs only in a builder process. Invariants: blobs are on the disk before the row that names them commits; version,
 * aliases and revision are one transaction; a refusal at any step leaves nothing that anybody can see.
 */
import { referenceTo, sealManifest, type SigningKey } from "../../bundler/artifact.ts";
import type { BundleInput, BundleOptions, BundleResult } from "../../bundler/bundle.ts";
import type { PublishRequest, PublishResult } from "../../sdk/api.ts";
import { digestOf } from "../../sdk/artifact-format.ts";
import type { VersionManifest } from "../../sdk/artifact.ts";
import { exportOf } from "../../sdk/event-settings.ts";
import { formatProblems } from "../../sdk/problem.ts";
import type { AuditTrail } from "../audit/audit-trail.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Uploads } from "../blobs/uploads.ts";
import type { BuilderPool, BuildOutcome } from "../builder/builder-pool.ts";
import { timestamp, type Clock } from "../clock.ts";
import { conflict, ControlError } from "../control-error.ts";
import { readDependencies } from "../dependencies/read-dependencies.ts";
import { requireFunction } from "../functions/require-row.ts";
import { toVersionResource } from "../functions/resources.ts";
import type { MasterKey } from "../keys/master-key.ts";
import { decryptSecrets } from "../keys/secrets-at-rest.ts";
import { waitSecondsDefault, type RevisionService } from "../rollout/revision-service.ts";
import type { CodeDownload } from "./code-download.ts";
import type { EnvironmentRow, Store, StoreTables, StoreView, VersionRow } from "../store.ts";
import { commitVersion, moveAliases, type Committed } from "./commit-version.ts";
import type { PreparedBuild } from "./describe-snapshot.ts";
import { initializeJob, runsInitializer } from "./initialize-job.ts";
import { checkPlan, planPublish, type PublishPlan, wantsSnapshot } from "./publish-plan.ts";
import type { PublishQueue } from "./publish-queue.ts";
import { readSource } from "./read-source.ts";
import { checkServices } from "./service-references.ts";
import { repeatsVersion } from "./unchanged-version.ts";
import { defaultVersionName } from "./version-name.ts";

export interface PublishServiceOptions {
  readonly store: Store;
  readonly uploads: Uploads;
  readonly artifacts: BlobStore;
  /** `bundleSource` of the bundler. */
  readonly bundle: (
    input: BundleInput,
    options: Pick<BundleOptions, "dependencies" | "isEvent" | "signal">,
  ) => Promise<BundleResult>;
  readonly builders: Pick<BuilderPool, "build">;
  readonly download: Pick<CodeDownload, "fetch">;
  readonly revisions: RevisionService;
  readonly queue: PublishQueue;
  readonly masterKey: MasterKey;
  readonly signingKey: SigningKey;
  readonly clock: Clock;
  readonly trail?: Pick<AuditTrail, "name">;
}

/** What is stored together with a version: all of it or nothing. */
export interface StoredWith {
  /** Calls `insert` once, which stores the version as things are then. In the transaction of both; whatever it throws undoes both. */
  readonly within: <T>(tables: StoreTables, insert: () => Promise<T>) => Promise<T>;
  /** `within` creates the function. */
  readonly createsFunction: boolean;
  /** The one that `within` gives the function; null: it stays what it is. */
  readonly environment: EnvironmentRow | null;
  /** What the audit record names. */
  readonly resource: string;
}

export interface Published {
  readonly result: PublishResult;
  /** False: the latest version had this content already, and only aliases were moved to it. */
  readonly created: boolean;
}

type Bundle = Extract<BundleResult, { ok: true }>;

interface Prepared {
  readonly committed: Committed;
  readonly revision: number;
  readonly created: boolean;
  readonly warnings: readonly string[];
  readonly timings: { readonly bundleMs: number; readonly evaluateMs: number; readonly storeMs: number };
}

export class PublishService {
  readonly #options: PublishServiceOptions;
  readonly #closing = new AbortController();
  /** Functions; publishes of one function follow each other. */
  readonly #making = new Set<string>();

  constructor(options: PublishServiceOptions) {
    this.#options = options;
  }

  /**
   * Publishes one version and waits until all connected nodes serve it, at most `waitSeconds`. With something else that is stored with it also what
   * only repeats the latest version.
   * @throws ControlError INPUT_INVALID, NOT_FOUND, CONFLICT, LIMIT_REACHED, PAYLOAD_TOO_LARGE, PUBLISH_REFUSED, BUILD_QUEUE_FULL, NODE_DRAINING.
   */
  async publish(
    functionName: string,
    request: PublishRequest,
    storedWith: StoredWith | null = null,
  ): Promise<Published> {
    const { store, queue, revisions, clock, masterKey } = this.#options;
    const plan = planPublish(functionName, request);
    await store.read(async (view) => {
      if (storedWith?.createsFunction !== true) await requireFunction(view, functionName);
      await checkPlan(view, plan);
      await checkServices(view, { plan, masterKey });
    });
    const prepared = await queue.run(functionName, () => this.#prepareUnlessClosing(plan, storedWith));
    const startedMs = clock.monotonicMs();
    const rollout = await revisions.waitFor(prepared.revision, request.waitSeconds ?? waitSecondsDefault);
    const { version, aliases } = prepared.committed;
    return {
      created: prepared.created,
      result: {
        version: toVersionResource(version, aliases),
        revision: prepared.revision,
        rollout,
        timings: { ...prepared.timings, rolloutMs: clock.monotonicMs() - startedMs },
        warnings: prepared.warnings,
      },
    };
  }

  /** Gives up publishes that have not been stored yet. */
  close(): void {
    this.#closing.abort();
  }

  /** What a publish that was given up fails with is not the author's doing. */
  async #prepareUnlessClosing(plan: PublishPlan, storedWith: StoredWith | null): Promise<Prepared> {
    try {
      return await this.#prepare(plan, storedWith);
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
      throw new ControlError("NODE_DRAINING", { message: "The control plane is shutting down.", cause: error });
    }
  }

  async #prepare(plan: PublishPlan, storedWith: StoredWith | null): Promise<Prepared> {
    const stopwatch = new Stopwatch(this.#options.clock);
    const bundle = await this.#bundle(plan);
    const bundleMs = stopwatch.lap();
    const repeated = storedWith === null ? await this.#repeat(plan, bundle) : null;
    if (repeated !== null) return { ...repeated, timings: { bundleMs, evaluateMs: 0, storeMs: stopwatch.lap() } };
    const version = plan.version ?? (await this.#nextName(plan.functionName));
    const build = await this.#build({
      plan: { ...plan, version },
      bundle,
      environment: storedWith?.environment ?? null,
    });
    const evaluateMs = stopwatch.lap();
    const { value, revision } = await this.#store({ plan, bundle, build, version, storedWith });
    const timings = { bundleMs, evaluateMs, storeMs: stopwatch.lap() };
    return { committed: value, revision, created: true, warnings: bundle.warnings, timings };
  }

  async #bundle({ source, event, dependencies }: PublishPlan): Promise<Bundle> {
    const { bundle, download, uploads } = this.#options;
    const { signal } = this.#closing;
    const input = await readSource(source, { uploads, download, event, signal });
    const result = await bundle(input, {
      signal,
      isEvent: event !== null,
      dependencies: await readDependencies(dependencies, this.#options),
    });
    if (result.ok) return result;
    const { problems } = result;
    throw new ControlError("PUBLISH_REFUSED", { message: formatProblems(problems), problems });
  }

  /** Whether a snapshot of a version of that function, which is not published yet, is being made here. */
  isMakingSnapshot(functionName: string): boolean {
    return this.#making.has(functionName);
  }

  async #build({
    plan,
    bundle,
    environment: given,
  }: {
    readonly plan: PublishPlan & { readonly version: string };
    readonly bundle: Bundle;
    readonly environment: EnvironmentRow | null;
  }): Promise<PreparedBuild> {
    const { code, sourceMap, wasm } = bundle;
    const { allowEval, event, functionName, limits } = plan;
    const snapshot = wantsSnapshot(plan, bundle);
    const environment = given ?? (await this.#options.store.read((view) => view.functions.environment(functionName)));
    const initialize = snapshot ? initializeJob(plan, this.#shownToBuilder(plan, environment)) : null;
    const exports = {
      handler: event === null ? null : exportOf(event.handler),
      named: { restore: exportNamed(event?.restore), heartbeat: exportNamed(event?.heartbeat) },
    };
    const job = { code, sourceMap, wasm, memoryMiB: limits.memoryMiB, snapshot, allowEval, ...exports, initialize };
    if (snapshot) this.#making.add(functionName);
    try {
      const outcome = await this.#options.builders.build(job, this.#closing.signal);
      if (!outcome.ok) throw refusalOf(outcome);
      const isInitialized = initialize !== null && outcome.snapshot.state === "ready";
      return { ...outcome, initializedWith: isInitialized ? environment : null };
    } finally {
      this.#making.delete(functionName);
    }
  }

  #shownToBuilder(
    { functionName, version }: { readonly functionName: string; readonly version: string },
    { variables, encryptedSecrets }: EnvironmentRow,
  ): Parameters<typeof initializeJob>[1] {
    const secrets = decryptSecrets(this.#options.masterKey, { functionName, encrypted: encryptedSecrets });
    return { version, variables, secretNames: Object.keys(secrets) };
  }

  #nextName(functionName: string): Promise<string> {
    const { clock, store } = this.#options;
    return store.read((view) => defaultVersionName(clock.now(), (name) => isNameInUse(view, functionName, name)));
  }

  /** Moves aliases to the latest version when publishing would only repeat it; null when it would not. */
  async #repeat(plan: PublishPlan, bundle: Bundle): Promise<Omit<Prepared, "timings"> | null> {
    const { store, revisions, clock } = this.#options;
    const latest = await store.read((view) => this.#findRepeated(view, { plan, bundle }));
    if (latest === null) return null;
    const present = `Version "${latest.version}" of function "${latest.function}" has this module, limits, permissions, services and environment already`;
    if (plan.version !== null || plan.aliases.length === 0) throw conflict(`${present}: nothing to publish.`);
    const { value, revision } = await revisions.change(async (tables) => {
      const moved = await moveAliases(tables, { aliases: plan.aliases, to: latest, movedAt: timestamp(clock) });
      if (!moved) throw conflict(`${present}, and the aliases name it: nothing to publish.`);
      return { version: latest, aliases: await tables.aliases.list(latest.function) };
    });
    return { committed: value, revision, created: false, warnings: [`${present}: only aliases were moved.`] };
  }

  async #findRepeated(
    view: StoreView,
    { plan, bundle }: { readonly plan: PublishPlan; readonly bundle: Bundle },
  ): Promise<VersionRow | null> {
    const { functionName, isolation, allowEval, dependencies, egress, event, limits, services } = plan;
    const latest = await view.versions.latest(functionName);
    if (latest === null) return null;
    const { variables, encryptedSecrets } = await view.functions.environment(functionName);
    const open = (encrypted: string | null): Readonly<Record<string, string>> =>
      decryptSecrets(this.#options.masterKey, { functionName, encrypted });
    const moduleDigest = digestOf(Buffer.from(bundle.code));
    const content = {
      moduleDigest,
      limits,
      services,
      dependencies,
      isolation,
      allowEval,
      egress,
      event,
      variables,
      secrets: open(encryptedSecrets),
      snapshot: wantsSnapshot(plan, bundle),
      isInitialized: wantsSnapshot(plan, bundle) && runsInitializer(plan),
    };
    return repeatsVersion(content, { latest, latestSecrets: open(latest.encryptedSecrets) }) ? latest : null;
  }

  async #store(parts: {
    readonly plan: PublishPlan;
    readonly bundle: Bundle;
    readonly build: PreparedBuild;
    readonly version: string;
    readonly storedWith: StoredWith | null;
  }): Promise<{ readonly value: Committed; readonly revision: number }> {
    const { clock, artifacts, masterKey, signingKey, revisions } = this.#options;
    const { plan, bundle, build, version, storedWith } = parts;
    const { functionName } = plan;
    const createdAt = new Date(clock.now()).toISOString();
    const { manifest, blobs } = assemble({ plan, bundle, build, version, createdAt });
    const sealed = sealManifest(manifest, signingKey);
    await Promise.all([...blobs, sealed.bytes].map((bytes) => artifacts.put(bytes)));
    this.#options.trail?.name(storedWith?.resource ?? `function/${functionName}/version/${version}`);
    return revisions.change((tables) => {
      const insert = async (): Promise<Committed> => {
        await checkServices(tables, { plan: { ...plan, version }, masterKey });
        return commitVersion(tables, { plan: { ...plan, version }, manifest, sealed, build });
      };
      return storedWith === null ? insert() : storedWith.within(tables, insert);
    });
  }
}

/** The manifest and the bytes of every blob it names. */
function assemble(parts: {
  readonly plan: PublishPlan;
  readonly bundle: Bundle;
  readonly build: PreparedBuild;
  readonly version: string;
  readonly createdAt: string;
}): { readonly manifest: VersionManifest; readonly blobs: readonly Uint8Array[] } {
  const { plan, bundle, build, version, createdAt } = parts;
  const code = Buffer.from(bundle.code);
  const sourceMap = Buffer.from(bundle.sourceMap);
  const snapshot = build.snapshot.state === "ready" ? build.snapshot.bytes : null;
  const initialized = build.initializedWith !== null;
  return {
    manifest: {
      format: 1,
      function: plan.functionName,
      version,
      createdAt,
      hooks: build.hooks,
      limits: plan.limits,
      module: referenceTo(code),
      sourceMap: referenceTo(sourceMap),
      snapshots: snapshot === null ? [] : [{ ...referenceTo(snapshot), runtimeKey: build.runtimeKey, initialized }],
      wasm: bundle.wasm.map(({ bytes }) => referenceTo(bytes)),
      services: plan.services,
      isolation: plan.isolation,
      allowEval: plan.allowEval,
      egress: plan.egress,
      event: plan.event,
    },
    blobs: [code, sourceMap, ...(snapshot === null ? [] : [snapshot]), ...bundle.wasm.map(({ bytes }) => bytes)],
  };
}

function exportNamed(handler: string | null | undefined): string | null {
  return handler === null || handler === undefined ? null : exportOf(handler);
}

async function isNameInUse(view: StoreView, functionName: string, name: string): Promise<boolean> {
  return (await view.versions.isNameTaken(functionName, name)) || (await view.aliases.get(functionName, name)) !== null;
}

/** Whatever the author's code did is the publish's refusal; the rest is not the author's. */
function refusalOf({ code, message, place, stack }: Extract<BuildOutcome, { ok: false }>): ControlError {
  if (code === "CONTROL_INTERNAL" || code === "BUILD_QUEUE_FULL") return new ControlError(code, { message });
  const problem = { path: place ?? "source", message };
  const problems = stack === "" ? [problem] : [problem, { path: "stack", message: stack }];
  return new ControlError("PUBLISH_REFUSED", { message: `${problem.path}: ${message}`, problems });
}

class Stopwatch {
  readonly #clock: Clock;
  #startedMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
  }

  /** Milliseconds since the last lap. */
  lap(): number {
    const now = this.#clock.monotonicMs();
    const elapsedMs = now - this.#startedMs;
    this.#startedMs = now;
    return elapsedMs;
  }
}
