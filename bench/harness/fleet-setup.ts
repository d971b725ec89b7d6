/** What nearly every scenario sets up first: a published function and a domain that leads to it. Through the public REST API. */
import type { RuleInput, Source, VersionResource } from "../../sdk/api.ts";
import type { DomainSource } from "../../sdk/domain.ts";
import type { FunctionLimits } from "../../sdk/limits.ts";
import type { LocalFleet } from "./local-fleet.ts";

const SERVED_SECONDS_MAX = 30;

export interface InlineFunction {
  readonly name: string;
  /** A JavaScript module. */
  readonly code: string;
  /** Its name; default: the date and time. */
  readonly version?: string;
  readonly aliases?: readonly string[];
  readonly limits?: Partial<FunctionLimits>;
  /** Default: the bundle's size decides. */
  readonly snapshot?: boolean;
}

/** Publishes a function, creating it when it does not exist, and waits until every connected node serves it. */
export function publishInline(fleet: LocalFleet, input: InlineFunction): Promise<VersionResource> {
  return publish(fleet, input, { kind: "inline", code: input.code, language: "js" });
}

/** The same with a module that was bundled already, which may be larger. */
export function publishModule(fleet: LocalFleet, input: InlineFunction): Promise<VersionResource> {
  return publish(fleet, input, { kind: "bundle", code: input.code, sourceMap: null });
}

async function publish(fleet: LocalFleet, input: InlineFunction, source: Source): Promise<VersionResource> {
  const { client } = fleet;
  const known = await client.listFunctions();
  if (!known.some(({ name }) => name === input.name)) await client.createFunction({ name: input.name });
  const { version, rollout } = await client.publish(input.name, {
    source,
    ...(input.snapshot === undefined ? {} : { snapshot: input.snapshot }),
    ...(input.version === undefined ? {} : { version: input.version }),
    ...(input.aliases === undefined ? {} : { aliases: input.aliases }),
    ...(input.limits === undefined ? {} : { limits: input.limits }),
  });
  await waitUntilServed(fleet, rollout.nodesConnected);
  return version;
}

/** Creates or replaces a domain with its rules and waits until every connected node serves it. */
export async function setDomain(
  fleet: LocalFleet,
  input: {
    readonly domain: string;
    readonly rules: readonly RuleInput[];
    readonly sources?: readonly Partial<DomainSource>[];
  },
): Promise<void> {
  await fleet.client.setDomain(input.domain, { sources: input.sources ?? [] });
  const { rollout } = await fleet.client.setRules(input.domain, { rules: input.rules });
  await waitUntilServed(fleet, rollout.nodesConnected);
}

/**
 * Waits until at least `nodes` nodes are connected and all connected nodes serve the current revision without failures.
 * @throws Error after 30 s, with what is not served.
 */
export async function waitUntilServed(fleet: LocalFleet, nodes: number): Promise<void> {
  const end = performance.now() + SERVED_SECONDS_MAX * 1_000;
  for (;;) {
    const revision = await fleet.client.getRevision("current", 1);
    const failures = revision.acks.flatMap((ack) => ack.failures);
    if (failures.length > 0) throw new Error(`A node cannot serve the revision: ${JSON.stringify(failures)}`);
    if (revision.nodesConnected >= nodes && revision.nodesServing >= revision.nodesConnected) return;
    if (performance.now() > end) {
      const { nodesServing, nodesConnected } = revision;
      throw new Error(
        `Only ${nodesServing} of ${nodesConnected} nodes serve revision ${revision.revision}; expected ${nodes}`,
      );
    }
  }
}
