/**
 * What a front knows about origins beyond their configuration: the health and counts of each source, each domain's retries, and the
 * slots of each place.
 *
 * Owns the health checks. Invariants: what is known about a source outlives every revision that keeps the source, and is forgotten with the
 * first one that does not; a request that still runs under an older revision finds a record, but leaves nothing behind.
 */
import type { DomainSource } from "../../sdk/domain.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { Clock } from "../clock.ts";
import { DurationCounts, type PipelineMetrics, type SourceCounts } from "../pipeline/pipeline-metrics.ts";
import { checkSource } from "./check-source.ts";
import type { Connections } from "./connections.ts";
import type { CompiledHealthCheck, CompiledSource, DomainOrigins } from "./domain-origins.ts";
import { HealthChecks, type HealthCheckPlan } from "./health-checks.ts";
import { sourcePlace, type OriginTarget } from "./origin-target.ts";
import { RetryBudget } from "./retry-budget.ts";
import { SourceHealth } from "./source-health.ts";
import { SourceSlots } from "./source-slots.ts";

export interface OriginsOptions {
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** For health checks. */
  readonly connections: Connections;
  readonly metrics: PipelineMetrics;
}

/** One source as this front knows it. */
export interface SourceRecord {
  readonly health: SourceHealth;
  readonly counts: SourceCounts;
  /** The target that was made of the source last, and from what. */
  last: {
    readonly source: DomainSource;
    readonly scheme: "http" | "https";
    readonly host: string;
    readonly target: OriginTarget;
  } | null;
}

export class Origins {
  readonly slots: SourceSlots;
  readonly #options: OriginsOptions;
  readonly #checks: HealthChecks;
  readonly #records = new Map<string, SourceRecord>();
  readonly #budgets = new Map<string, RetryBudget>();
  #sources: ReadonlySet<string> = new Set();
  #domains: ReadonlySet<string> = new Set();

  constructor(options: OriginsOptions) {
    this.#options = options;
    this.slots = new SourceSlots(options.clock);
    this.#checks = new HealthChecks(options);
  }

  /** These domains are served from now on. */
  keep(domains: readonly DomainOrigins[]): void {
    this.#domains = new Set(domains.map(({ domain }) => domain));
    this.#sources = new Set(domains.flatMap(({ all }) => all.map(({ key }) => key)));
    for (const domain of this.#budgets.keys()) if (!this.#domains.has(domain)) this.#budgets.delete(domain);
    for (const key of this.#records.keys()) {
      if (this.#sources.has(key)) continue;
      this.#records.delete(key);
      this.#options.metrics.removeSource(key);
    }
    const plans = new Map<string, HealthCheckPlan>();
    for (const domain of domains) this.#planChecks(domain, plans);
    for (const [key, { health }] of this.#records) if (!plans.has(key)) health.unchecked();
    this.#checks.keep(plans);
  }

  /** What is known about a source of a domain. */
  record(domain: string, { key, source }: CompiledSource): SourceRecord {
    let record = this.#records.get(key);
    if (record !== undefined) return record;
    const { clock, random, metrics } = this.#options;
    const health = new SourceHealth(random);
    const { origin_addr, http_port, https_port, host_name } = source;
    const label = `${origin_addr}:${http_port}/${https_port}${host_name === undefined ? "" : ` ${host_name}`}`;
    const counts = {
      domain,
      source: label,
      requests: 0,
      retries: 0,
      statuses: [0, 0, 0, 0, 0, 0],
      failures: new Map<ErrorCode, number>(),
      durations: new DurationCounts(),
      receivedBytes: 0,
      checks: { passed: 0, failed: 0 },
      health: () => health.state(clock.monotonicMs()),
    };
    record = { health, counts, last: null };
    if (!this.#sources.has(key)) return record;
    this.#records.set(key, record);
    metrics.addSource(key, counts);
    return record;
  }

  /** The same, if there is anything yet. */
  known({ key }: CompiledSource): SourceRecord | undefined {
    return this.#records.get(key);
  }

  /** The retries of a domain. */
  budget(domain: string): RetryBudget {
    let budget = this.#budgets.get(domain);
    if (budget === undefined) {
      budget = new RetryBudget(this.#options.clock);
      if (this.#domains.has(domain)) this.#budgets.set(domain, budget);
    }
    return budget;
  }

  /** Ends the health checks. */
  close(): void {
    this.#checks.close();
  }

  #planChecks(origins: DomainOrigins, plans: Map<string, HealthCheckPlan>): void {
    const { healthCheck: check } = origins;
    if (check === null) return;
    for (const source of origins.all) plans.set(source.key, this.#planCheck(origins, { source, check }));
  }

  #planCheck(
    origins: DomainOrigins,
    { source, check }: { readonly source: CompiledSource; readonly check: CompiledHealthCheck },
  ): HealthCheckPlan {
    // With `follow` there is no client to follow: such sources are checked by http.
    const scheme = origins.protocol === "https" ? "https" : "http";
    const own = origins.domain.replace(/^\*\./, "");
    const { origin, host } = sourcePlace(source.source, { scheme, host: own });
    const place = { origin, host: check.host ?? host, certificate: origins.certificate, check };
    return {
      signature: JSON.stringify(place),
      intervalMs: check.intervalMs,
      check: async (signal) => {
        const { clock, connections } = this.#options;
        const isWell = await checkSource({ connections, clock, signal }, place);
        if (signal.aborted) return;
        const { health, counts } = this.record(origins.domain, source);
        if (isWell) counts.checks.passed++;
        else counts.checks.failed++;
        health.checked(isWell, check);
      },
    };
  }
}
