/**
 * The in-process driver: isolates live in this very process. Fastest, and only for code the operator trusts: a bomb in a function ends
 * the process (DECISIONS.md). Implements `Driver` for fronts that were configured so.
 */
import { InvocationClient } from "./client/invocation-client.ts";
import type {
  Driver,
  Invocation,
  InvocationHost,
  Outcome,
  RunnableVersion,
  RunningInvocation,
  VersionStats,
} from "./driver.ts";
import { Engine } from "./engine.ts";
import type { InstanceFactoryOptions } from "./isolates/instance-factory.ts";
import { memoryLinks } from "./memory-link.ts";

/** What a local driver is built from; see `InstanceFactoryOptions`. */
export type LocalDriverOptions = InstanceFactoryOptions;

export class LocalDriver implements Driver {
  readonly #engine: Engine;
  readonly #client: InvocationClient;

  constructor(options: LocalDriverOptions) {
    const links = memoryLinks(options.environment);
    this.#client = new InvocationClient(links.front, options.environment);
    this.#engine = new Engine(links.engine, { ...options, areTrusted: true });
  }

  /** Prepares spare isolates. */
  start(): Promise<void> {
    return this.#engine.start();
  }

  load(version: RunnableVersion): Promise<void> {
    return this.#client.load(version);
  }

  unload(key: string): void {
    this.#client.unload(key);
  }

  warm(key: string, count: number): Promise<Extract<Outcome, { kind: "failed" }> | null> {
    return this.#client.warm(key, count);
  }

  prewarm(key: string): Promise<void> {
    return this.#client.prewarm(key);
  }

  reserve(key: string, count: number): void {
    this.#client.reserve(key, count);
  }

  invoke(invocation: Invocation, host: InvocationHost): RunningInvocation {
    return this.#client.invoke(invocation, host);
  }

  stats(): Promise<readonly VersionStats[]> {
    return this.#client.stats();
  }

  async close(): Promise<void> {
    await this.#client.close();
    this.#engine.close();
  }
}
