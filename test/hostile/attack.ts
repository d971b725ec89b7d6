/**
 * One program against the world: published, bound, requested, waited out, removed.
 *
 * Every step is bounded; what fails in one is part of what was seen and never an error of the runner.
 */
import { setTimeout as delay } from "node:timers/promises";
import { SelvageApiError } from "../../sdk/api-error.ts";
import { pidsOfTree } from "../../bench/harness/process-memory.ts";
import { sendAttack, type AttackOutcome } from "./attack-request.ts";
import type { HostileWorld } from "./hostile-world.ts";
import type { ProgramRun, PublishOutcome } from "./judge.ts";
import { between, clockMs, summariseNeighbour } from "./neighbour-samples.ts";
import type { NeighbourTraffic } from "./neighbour-traffic.ts";
import type { HostileProgram } from "./program-files.ts";

/** What is kept short of the defaults, so that waiting programs don't make the corpus take hours. */
export const attackLimits = { wallMs: 2_000, fetchWallMs: 2_000 } as const;
export const requestCount = 20;
export const atOnce = 4;

const marginMs = 3_000;
const bodyMs = 2_000;
const publishMs = 60_000;
const rolloutMs = 20_000;
const healthyMs = 60_000;
const LOOK_MS = 25;
/** The beginning of what the control plane says; some programs make it long. */
const messageCharsMax = 200;
/** Well is what stays so for this long: a host that is about to end still answers. Also what a percentile needs to say anything. */
const steadyMs = 1_000;

export interface AttackContext {
  readonly world: HostileWorld;
  readonly traffic: NeighbourTraffic;
  /** Unique among the programs of a run. */
  readonly number: number;
}

export async function attack(program: HostileProgram, context: AttackContext): Promise<ProgramRun> {
  const { world, traffic } = context;
  const name = `hostile-${context.number}`;
  const fromMs = clockMs();
  const pidsBefore = new Set(await pidsOfTree(world.node.pid));
  const publish = await publishProgram(program, world, name);
  const hooks = publish.kind === "published" ? publish.hooks : [];
  const rollout = hooks.length === 0 ? null : await bind(world, { name, hooks });
  const attackFromMs = hooks.length === 0 ? fromMs : clockMs();
  const headMs = headDeadline(program, hooks);
  const outcomes = hooks.length === 0 ? [] : await requestAll(world, { domain: domainOf(name), headMs });
  const health = await waitUntilWell(world);
  const attackToMs = clockMs();
  const pidsAfter = await pidsOfTree(world.node.pid).catch(() => []);
  const cleaning = await remove(world, name);
  if (health.ms === null || cleaning !== null) await world.repair();
  const seen = await traffic.seen(fromMs);
  return {
    name: program.name,
    attack: program.attack,
    publish,
    rollout,
    outcomes,
    headMs,
    trespasses: world.origin.takeTrespasses(),
    healthyMs: cleaning === null ? health.ms : null,
    unwell: health.unwell ?? cleaning,
    neighbour: summariseNeighbour(seen),
    neighbourUnderAttack: summariseNeighbour(between(seen, { fromMs: attackFromMs, toMs: attackToMs })),
    processesReplaced: pidsAfter.filter((pid) => !pidsBefore.has(pid)).length,
  };
}

/** A request passes every hook, one after the other. */
function headDeadline({ limits }: HostileProgram, hooks: readonly string[]): number {
  const { wallMs, fetchWallMs } = { ...attackLimits, ...limits };
  return hooks.reduce((sum, hook) => sum + (hook === "fetch" ? fetchWallMs : wallMs), marginMs);
}

async function publishProgram(program: HostileProgram, world: HostileWorld, name: string): Promise<PublishOutcome> {
  const { client } = world.fleet;
  const startedAt = performance.now();
  const since = (): number => performance.now() - startedAt;
  const publishing = (async () => {
    await client.createFunction({ name });
    const source = { kind: "inline", code: program.code, language: program.language } as const;
    return client.publish(name, { source, aliases: ["live"], limits: { ...attackLimits, ...program.limits } });
  })();
  const late = new AbortController();
  try {
    const result = await Promise.race([publishing, delay(publishMs, null, { signal: late.signal })]);
    if (result !== null) return { kind: "published", ms: since(), hooks: result.version.hooks };
    publishing.catch(() => undefined);
    return { kind: "failed", ms: since(), code: "LATE", message: `no answer in ${publishMs} ms` };
  } catch (error) {
    if (!(error instanceof SelvageApiError)) throw error;
    const { code, status, message } = error;
    const text = (message.split("\n", 1)[0] ?? "").slice(0, messageCharsMax);
    if (status < 400 || status >= 500) return { kind: "failed", ms: since(), code, message: text };
    return { kind: "refused", ms: since(), status, code, message: text };
  } finally {
    late.abort();
  }
}

/** Binds every hook to its phase; says why the node does not serve it. */
async function bind(
  world: HostileWorld,
  { name, hooks }: { readonly name: string; readonly hooks: readonly string[] },
): Promise<string | null> {
  const { client } = world.fleet;
  const rules = hooks.map((phase) => ({ phase, matchType: "all", function: name, alias: "live", priority: 1 }));
  const sources = [{ origin_type: "ipaddr", origin_addr: "127.0.0.1", http_port: world.origin.port }];
  try {
    await client.setDomain(domainOf(name), { sources, rules });
    const end = performance.now() + rolloutMs;
    for (;;) {
      const { acks, nodesConnected, nodesServing } = await client.getRevision("current", 1);
      const [failure] = acks.flatMap((ack) => ack.failures);
      if (failure !== undefined) return JSON.stringify(failure);
      if (nodesConnected > 0 && nodesServing >= nodesConnected) return null;
      if (performance.now() > end) return `${nodesServing} of ${nodesConnected} nodes serve it after ${rolloutMs} ms`;
    }
  } catch (error) {
    return String(error);
  }
}

async function requestAll(
  world: HostileWorld,
  { domain, headMs }: { readonly domain: string; readonly headMs: number },
): Promise<readonly AttackOutcome[]> {
  const outcomes: AttackOutcome[] = [];
  let sent = 0;
  const client = async (): Promise<void> => {
    while (sent < requestCount) {
      const url = `${world.node.edgeUrl}/attack/${sent++}`;
      outcomes.push(await sendAttack({ url, host: domain, headers: world.hints, headMs, bodyMs }));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return outcomes;
}

async function waitUntilWell(
  world: HostileWorld,
): Promise<{ readonly ms: number | null; readonly unwell: string | null }> {
  const startedAt = performance.now();
  let wellMs: number | null = null;
  for (;;) {
    const unwell = await world.unwell();
    const ms = performance.now() - startedAt;
    if (unwell !== null) wellMs = null;
    else wellMs ??= ms;
    if (wellMs !== null && ms >= wellMs + steadyMs) return { ms: wellMs, unwell: null };
    if (wellMs === null && ms > healthyMs) return { ms: null, unwell };
    await delay(LOOK_MS);
  }
}

/** Says what could not be removed. */
async function remove(world: HostileWorld, name: string): Promise<string | null> {
  const { client } = world.fleet;
  const isAbsent = (error: unknown): null => {
    if (error instanceof SelvageApiError && error.code === "NOT_FOUND") return null;
    throw error;
  };
  try {
    await client.deleteDomain(domainOf(name)).catch(isAbsent);
    await client.deleteFunction(name).catch(isAbsent);
    return null;
  } catch (error) {
    return `cannot be removed: ${String(error)}`;
  }
}

function domainOf(name: string): string {
  return `${name}.hostile.example`;
}
