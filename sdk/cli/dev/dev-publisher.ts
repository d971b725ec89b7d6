/**
 * Publishes the author's project to the private control plane, again and again, and keeps the rules of the local domains in
 * step with the hooks that exist.
 *
 * Invariant: a failed publish changes nothing that is served; one publish runs at a time (the caller's duty).
 */
import { SelvageApiError } from "../../api-error.ts";
import type { PublishResult, RuleInput, VersionResource } from "../../api.ts";
import { bundleWithRollup } from "../rollup-bundle.ts";
import type { SelvageClient } from "../../client.ts";
import { writtenEgress } from "../../egress.ts";
import { writtenEventSettings } from "../../event-settings-parser.ts";
import type { Hook } from "../../phase.ts";
import { phases } from "../../phase.ts";
import type { Parsed } from "../../problem.ts";
import { readProject, readProjectEntry, type Dependencies, type ProjectEntry } from "../../project-source.ts";
import { FileDigests, publishProject, type PublishSettings } from "../../publish-project.ts";
import type { CliContext } from "../cli-context.ts";
import { changeEnvironment } from "../commands/env.ts";
import { ensureFunction } from "../commands/publish.ts";
import { refusal } from "../exit-code.ts";
import { originSources } from "../origin-sources.ts";

/** The names a browser on this machine uses. */
export const devDomains: readonly string[] = ["localhost", "127.0.0.1"];
const DEV_ALIAS = "dev";
const WAIT_SECONDS = 10;
const VERSIONS_KEPT = 20;

/** What a save led to. */
export type DevOutcome = { readonly kind: "served"; readonly result: PublishResult } | { readonly kind: "unchanged" };

type Send = (settings: PublishSettings) => Promise<PublishResult>;

export interface DevPublisherOptions {
  readonly client: SelvageClient;
  readonly context: CliContext;
  readonly directory: string;
  /** For hooks that need an origin, or null. */
  readonly origin: string | null;
  readonly secrets: Readonly<Record<string, string>>;
}

export class DevPublisher {
  readonly #options: DevPublisherOptions;
  readonly #digests = new FileDigests();
  #dependencies: Dependencies | undefined;
  #environment = "";
  #boundHooks = "";
  #isSetUp = false;
  readonly #versions: string[] = [];

  constructor(options: DevPublisherOptions) {
    this.#options = options;
  }

  /** Packages may have changed. */
  forgetDependencies(): void {
    this.#dependencies = undefined;
  }

  /** Publishes what is in the folder now; resolves when the node serves it. */
  async publish(): Promise<DevOutcome> {
    const { client, directory } = this.#options;
    const entry = accepted(await readProjectEntry(directory));
    const send = entry.file.bundler === "rollup" ? await this.#prepareBundle(entry) : await this.#prepareTree();
    if (!this.#isSetUp) await this.#setUp(entry);
    await this.#setEnvironment(entry);
    const result = await this.#publishAndBind(entry, send);
    if (result === null) return { kind: "unchanged" };
    const hooks = result.version.hooks.join();
    if (hooks !== this.#boundHooks) {
      await this.#bind(client, { name: entry.file.name, hooks: result.version.hooks });
      this.#boundHooks = hooks;
    }
    return { kind: "served", result };
  }

  /** To be called with what was served: a day of saving must not reach the bound on versions. */
  async prune({ function: name, version }: VersionResource): Promise<void> {
    if (this.#versions.at(-1) !== version) this.#versions.push(version);
    const oldest = this.#versions.length > VERSIONS_KEPT ? this.#versions.shift() : undefined;
    if (oldest === undefined) return;
    try {
      await this.#options.client.deleteVersion(name, oldest);
    } catch (error) {
      // The alias may name it again, because the author went back to it.
      if (!(error instanceof SelvageApiError)) throw error;
    }
  }

  async #setUp({ file }: ProjectEntry): Promise<void> {
    const { client, origin } = this.#options;
    await ensureFunction(client, file);
    const sources = origin === null ? {} : originSources([new URL(origin)]);
    for (const domain of devDomains) await client.setDomain(domain, sources);
    this.#isSetUp = true;
  }

  async #setEnvironment({ file }: ProjectEntry): Promise<void> {
    const wanted = JSON.stringify(file.variables);
    if (wanted === this.#environment) return;
    const { client, secrets } = this.#options;
    const current = await client.getEnvironment(file.name);
    const unset = Object.keys(current.variables).filter((key) => !(key in file.variables));
    await changeEnvironment(client, { name: file.name, set: { variables: file.variables, secrets }, unset });
    this.#environment = wanted;
  }

  /** Null when nothing changed. A version that lacks a bound hook cannot take the alias; then the rules go first. */
  async #publishAndBind({ file }: ProjectEntry, send: Send): Promise<PublishResult | null> {
    const settings: PublishSettings = {
      limits: file.limits,
      services: file.services,
      dependencies: file.dependencies,
      isolation: file.isolation,
      allowEval: file.allowEval,
      egress: writtenEgress(file.egress),
      ...(file.event === null ? {} : { event: writtenEventSettings(file.event) }),
      aliases: [DEV_ALIAS],
      snapshot: false,
      waitSeconds: WAIT_SECONDS,
    };
    try {
      return await send(settings);
    } catch (error) {
      if (!(error instanceof SelvageApiError) || error.code !== "CONFLICT") throw error;
      // Only missing hooks are listed one by one; the other conflict is a publish that would repeat the version.
      if (error.problems.length === 0) return null;
      await this.#bind(this.#options.client, { name: file.name, hooks: [] });
      this.#boundHooks = "";
      return send(settings);
    }
  }

  async #prepareTree(): Promise<Send> {
    const { client, directory } = this.#options;
    const project = accepted(await readProject({ directory, dependencies: this.#dependencies }));
    this.#dependencies = project.dependencies;
    return (settings) =>
      publishProject(client, { project, settings, digests: this.#digests, onProgress: () => undefined });
  }

  async #prepareBundle(entry: ProjectEntry): Promise<Send> {
    const { client, context } = this.#options;
    const { source, warnings } = await bundleWithRollup(entry, context);
    return async (settings) => {
      const result = await client.publish(entry.file.name, { ...settings, source });
      return { ...result, warnings: [...warnings, ...result.warnings] };
    };
  }

  async #bind(
    client: SelvageClient,
    { name, hooks }: { readonly name: string; readonly hooks: readonly Hook[] },
  ): Promise<void> {
    const rules = phases
      .filter((phase) => hooks.includes(phase))
      .map((phase): RuleInput => ({ phase, matchType: "all", function: name, alias: DEV_ALIAS, priority: 50 }));
    for (const domain of devDomains) await client.setRules(domain, { rules, waitSeconds: WAIT_SECONDS });
  }
}

function accepted<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw refusal("Cannot publish", parsed.problems);
  return parsed.value;
}
