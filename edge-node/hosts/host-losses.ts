/** Counts and tells of isolate hosts that ended without being asked to, or were given up. */
import type { Logger } from "../logger.ts";
import type { Standing, Verdict } from "./culprit-search.ts";
import type { HomeKind } from "./host-placement.ts";
import type { HostDeathCause } from "./isolate-host.ts";

/** A log line names so many functions at most. */
const namesMax = 20;

export class HostLosses {
  readonly #logger: Logger;
  readonly #nameOf: (key: string) => string | null;
  readonly #counts = new Map<HostDeathCause, number>();

  /** `nameOf` a version's key: as its author knows it, null when it is gone. */
  constructor(logger: Logger, nameOf: (key: string) => string | null) {
    this.#logger = logger;
    this.#nameOf = nameOf;
  }

  /** Since the start. */
  of(cause: HostDeathCause): number {
    return this.#counts.get(cause) ?? 0;
  }

  count(
    cause: HostDeathCause,
    lost: {
      readonly pid: number | undefined;
      readonly kind: HomeKind | "standby";
      /** Keys. */
      readonly running: readonly string[];
      readonly rssMiB: number;
    },
  ): void {
    this.#counts.set(cause, this.of(cause) + 1);
    const { pid, kind, running, rssMiB } = lost;
    const fields = { pid, cause, kind, running: this.names(running), rssMiB: Math.round(rssMiB) };
    this.#logger.error(fields, "isolate_host_lost");
  }

  /** What came of it. */
  tell({ culprit, suspects, released }: Verdict, standingOf: (key: string) => Standing): void {
    if (culprit !== null)
      this.#logger.error({ functions: this.names([culprit]), standing: standingOf(culprit) }, "version_quarantined");
    if (suspects.length > 0) this.#logger.warn({ functions: this.names(suspects) }, "versions_suspected");
    this.tellReleased(released);
  }

  /** They are trusted again. */
  tellReleased(keys: readonly string[]): void {
    if (keys.length > 0) this.#logger.info({ functions: this.names(keys) }, "versions_released");
  }

  /** A host said what the front cannot read: it is hostile, or one of the two is wrong. */
  unreadable({ pid }: { readonly pid: number | undefined }, { message, stack }: Error): void {
    this.#logger.error({ pid, message, stack }, "isolate_host_unreadable");
  }

  names(keys: readonly string[]): readonly string[] {
    return keys.slice(0, namesMax).flatMap((key) => this.#nameOf(key) ?? []);
  }
}
