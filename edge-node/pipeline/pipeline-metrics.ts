/**
 * Counters of the request path: plain numbers that cost nothing to raise, put into words only when somebody asks (front/metrics-report.ts).
 *
 * Invariant: cardinality is bounded: domains are those of the configuration, functions those of the routing, and beyond `SERIES_MAX` of a kind
 * the least recently used one is dropped.
 */
import { LRUCache } from "lru-cache";
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { HealthState } from "../origin/source-health.ts";
import type { CalledHook } from "../../sdk/phase.ts";
import type { RoutedRule } from "../routing/routing.ts";
import type { CacheResult } from "./cache-note.ts";
import { Tallies, type Tally, type TallyKind } from "./tallies.ts";

export type InvocationResult = "continue" | "request" | "response" | "upgrade" | ErrorCode;

/** Upper bounds of the duration buckets, milliseconds. */
export const durationBucketsMs: readonly number[] = [0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000];

const SERIES_MAX = 10_000;

/** Counts of durations; the last bucket holds what is above every bound. */
export class DurationCounts {
  readonly buckets: number[] = Array.from({ length: durationBucketsMs.length + 1 }, () => 0);
  sumMs = 0;
  count = 0;

  observe(durationMs: number): void {
    let index = 0;
    while (index < durationBucketsMs.length && durationMs > (durationBucketsMs[index] ?? 0)) index++;
    this.buckets[index] = (this.buckets[index] ?? 0) + 1;
    this.sumMs += durationMs;
    this.count++;
  }
}

export interface InvocationCounts {
  readonly function: string;
  readonly version: string;
  readonly phase: CalledHook;
  readonly results: Map<InvocationResult, number>;
  readonly durations: DurationCounts;
  /** Of the version, whatever the phase. */
  readonly tally: Tally;
}

/** How an invocation ended. */
export interface EndedInvocation {
  readonly result: InvocationResult;
  /** Of a response. */
  readonly status?: number | undefined;
  readonly durationMs: number;
}

export interface DomainCounts {
  readonly domain: string;
  /** By status class; index 1 is 1xx. */
  readonly statuses: number[];
  readonly cache: Map<CacheResult, number>;
  /** Requests that got the answer of another's origin request. */
  collapsed: number;
  /** Of answers' bodies, to clients. */
  sentBytes: number;
  readonly originErrors: Map<ErrorCode, number>;
  readonly originDurations: DurationCounts;
}

/** What one source of a domain did, as this front saw it. */
export interface SourceCounts {
  readonly domain: string;
  /** Address and ports, and the Host field when it has one of its own. */
  readonly source: string;
  /** Requests sent to it, second attempts included, health checks not. */
  requests: number;
  /** Of them, those that were sent because another source or an earlier attempt had failed. */
  retries: number;
  /** Answers by status class; index 1 is 1xx. */
  readonly statuses: number[];
  /** Requests without an answer. */
  readonly failures: Map<ErrorCode, number>;
  /** Until the answer's head. */
  readonly durations: DurationCounts;
  /** Of answers' bodies. */
  receivedBytes: number;
  readonly checks: { passed: number; failed: number };
  health(): HealthState;
}

type Invoked = Pick<RoutedRule, "function" | "version"> & { readonly phase: CalledHook };

/** Stands for all hosts that are not configured. */
export const UNKNOWN_DOMAIN = "(unknown)";

export class PipelineMetrics {
  readonly tallies: Tallies = new Tallies();
  readonly #domains = new LRUCache<string, DomainCounts>({ max: SERIES_MAX });
  readonly #sources = new LRUCache<string, SourceCounts>({ max: SERIES_MAX });
  readonly #invocations = new LRUCache<string, InvocationCounts>({ max: SERIES_MAX });
  /** Saves the lookup by name on the hot path. */
  readonly #byRule = new WeakMap<RoutedRule, InvocationCounts>();
  /** The domain that was counted last: most often it is the next one, too. */
  #last: DomainCounts | null = null;

  domain(domain: string): DomainCounts {
    if (this.#last?.domain === domain) return this.#last;
    let counts = this.#domains.get(domain);
    if (counts === undefined) {
      counts = {
        domain,
        statuses: [0, 0, 0, 0, 0, 0],
        cache: new Map(),
        collapsed: 0,
        sentBytes: 0,
        originErrors: new Map(),
        originDurations: new DurationCounts(),
      };
      this.#domains.set(domain, counts);
    }
    this.#last = counts;
    return counts;
  }

  countInvocation(rule: RoutedRule, ended: EndedInvocation): void {
    let counts = this.#byRule.get(rule);
    if (counts === undefined) {
      counts = this.#invocationsOf(rule);
      this.#byRule.set(rule, counts);
    }
    count(counts, ended);
  }

  /** An invocation that no rule asked for: a function or the control plane called it. */
  countCall(callee: Invoked, ended: EndedInvocation): void {
    count(this.#invocationsOf(callee), ended);
  }

  /** Counts an answer; its bytes are added to what is returned when they were sent. */
  countAnswer(domain: string, answer: { readonly status: number; readonly cache: CacheResult }): DomainCounts {
    const counts = this.domain(domain);
    const statusClass = Math.floor(answer.status / 100);
    counts.statuses[statusClass] = (counts.statuses[statusClass] ?? 0) + 1;
    raise(counts.cache, answer.cache);
    return counts;
  }

  countOrigin(domain: string, result: { readonly code: ErrorCode | null; readonly durationMs: number }): void {
    const counts = this.domain(domain);
    if (result.code !== null) raise(counts.originErrors, result.code);
    counts.originDurations.observe(result.durationMs);
  }

  /** A source's counts, from now on among all of them. */
  addSource(key: string, counts: SourceCounts): void {
    this.#sources.set(key, counts);
  }

  /** A source that is not configured any more. */
  removeSource(key: string): void {
    this.#sources.delete(key);
  }

  /** The least recently added first. */
  allSources(): readonly SourceCounts[] {
    return [...this.#sources.values()].toReversed();
  }

  /** The least recently used first. */
  allDomains(): readonly DomainCounts[] {
    return [...this.#domains.values()].toReversed();
  }

  /** The least recently used first. */
  allInvocations(): readonly InvocationCounts[] {
    return [...this.#invocations.values()].toReversed();
  }

  #invocationsOf(rule: Invoked): InvocationCounts {
    const key = `${rule.function}@${rule.version} ${rule.phase}`;
    let counts = this.#invocations.get(key);
    if (counts === undefined) {
      const { function: name, version, phase } = rule;
      const tally = this.tallies.of(name, version);
      counts = { function: name, version, phase, results: new Map(), durations: new DurationCounts(), tally };
      this.#invocations.set(key, counts);
    }
    return counts;
  }
}

function count(counts: InvocationCounts, ended: EndedInvocation): void {
  raise(counts.results, ended.result);
  counts.durations.observe(ended.durationMs);
  counts.tally.count(tallyKind(counts.phase, ended), ended.durationMs);
}

/** Whoever answers in an origin's place answers for its errors, too. */
function tallyKind(phase: CalledHook, { result, status = 0 }: EndedInvocation): TallyKind {
  switch (result) {
    case "continue":
    case "request":
    case "upgrade":
      return "done";
    case "response":
      return status >= 500 && (phase === "fetch" || phase === "event") ? "error" : "done";
    case "REQUEST_ABORTED":
      return "dropped";
    case "FUNCTION_OVERLOADED":
      return "rejected";
    default:
      return "error";
  }
}

function raise<K>(map: Map<K, number>, key: K): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
