/**
 * Brings one front to a state: loads and warms what is new, switches the routing in one assignment, forgets what nobody uses any more.
 *
 * Knows the disk and the driver, not the control plane. Invariants: the routing never names a key that is not loaded; one version's failure
 * never keeps the others from being served; a version that was routed stays loaded until the requests that may still use it are over.
 */
import type { Digest } from "../../sdk/artifact.ts";
import type { DesiredState, VersionFailure } from "../../sdk/desired-state.ts";
import { describeError } from "../../sdk/error-code.ts";
import { nodeLimits, type FunctionLimits } from "../../sdk/limits.ts";
import type { Driver } from "../../runtime/driver.ts";
import type { BlobFolder } from "../artifacts/blob-folder.ts";
import { mapBounded } from "../artifacts/map-bounded.ts";
import { readVersion } from "../artifacts/read-version.ts";
import type { StackMaps } from "../artifacts/stack-maps.ts";
import type { CancelTimer, Clock } from "../clock.ts";
import type { FrontApplied, FrontState, FrontVersion } from "../ipc.ts";
import type { Logger } from "../logger.ts";
import { compileEgress, type EgressRules } from "../origin/egress-rules.ts";
import type { ReservedVersion } from "../reserved/plan-reserved.ts";
import { buildRouting, type ReadyVersion, type Routing } from "../routing/routing.ts";

export interface StateApplierOptions {
  readonly driver: Driver;
  readonly blobs: BlobFolder;
  readonly runtimeKey: string;
  readonly stackMaps: StackMaps;
  /** Instances of each version started before it is routed; 0: none. */
  readonly warmInstances: number;
  readonly snapshots: "on" | "off";
  readonly setRouting: (routing: Routing) => void;
  /** Every loaded version that is routed and has reservations. */
  readonly setReserved: (versions: readonly ReservedVersion[]) => void;
  readonly setCertificates: (certificates: FrontState["certificates"]) => void;
  /** Requests the front is working on. */
  readonly requestsInFlight: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface LoadedVersion {
  readonly version: FrontVersion;
  readonly egress: EgressRules | null;
  readonly limits: FunctionLimits;
  needsWarming: boolean;
  /** The last attempt to start an instance failed. */
  failure: VersionFailure | null;
}

const LOADING_MAX = 8;
/** More versions than this are not warmed at once; they start with their first request. */
const WARM_MAX = Math.floor(nodeLimits.instancesPerHostMax / 2);
/** Versions kept for requests that began before they left the routing. */
const RETIRED_MAX = 64;
const RETIRED_CHECK_MS = 1_000;
/** Longer than any phase of a request may wait for another. */
const RETIRED_MS = 330_000;

export class StateApplier {
  readonly #options: StateApplierOptions;
  readonly #loaded = new Map<string, LoadedVersion>();
  /** By key: when the version left the routing, in monotonic milliseconds. */
  readonly #retired = new Map<string, number>();
  #cancelCheck: CancelTimer | null = null;

  constructor(options: StateApplierOptions) {
    this.#options = options;
  }

  /** Serves `state`. One call at a time. Throws when the state as a whole cannot be routed; the front then serves what it had. */
  async apply({ state, versions, certificates, failures }: FrontState): Promise<FrontApplied> {
    const damaged: Digest[] = [];
    const loadFailures: VersionFailure[] = [...failures];
    let warmed = 0;
    await mapBounded(versions, {
      concurrency: LOADING_MAX,
      run: async (version) => {
        this.#retired.delete(version.key);
        const failure = await this.#load(version, damaged);
        if (failure !== null) loadFailures.push(failure);
        else if (this.#loaded.get(version.key)?.needsWarming && warmed++ < WARM_MAX) await this.#warm(version.key);
      },
    });
    const current = versions.flatMap(({ key }) => this.#loaded.get(key) ?? []);
    const routing = buildRouting(state, new Map(current.map(readyVersion)));
    this.#options.setCertificates(certificates);
    this.#options.setRouting(routing);
    this.#options.setReserved(reservedVersions(state, current));
    this.#retireAllBut(new Set(current.map(({ version }) => version.key)));
    return { failures: [...loadFailures, ...current.flatMap(({ failure }) => failure ?? [])], damaged };
  }

  close(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = null;
  }

  async #load(version: FrontVersion, damaged: Digest[]): Promise<VersionFailure | null> {
    if (this.#loaded.has(version.key)) return null;
    try {
      const read = await readVersion(version, this.#options);
      damaged.push(...read.damaged);
      if (read.kind === "failed") return this.#fail(version, read.message);
      await this.#options.driver.load(read.runnable);
      this.#options.stackMaps.add(version.key, read.sourceMap);
      const needsWarming = this.#options.warmInstances > 0;
      const egress = compileEgress(read.egress);
      const { limits } = read.runnable;
      this.#loaded.set(version.key, { version, egress, limits, needsWarming, failure: null });
      return null;
    } catch (error) {
      return this.#fail(version, error instanceof Error ? error.message : String(error));
    }
  }

  /** A version that does not start stays loaded: its requests get the driver's own code, and it may start later. */
  async #warm(key: string): Promise<void> {
    const loaded = this.#loaded.get(key);
    if (loaded === undefined) return;
    const failed = await this.#options.driver.warm(key, this.#options.warmInstances);
    const { function: name, version } = loaded.version;
    // What is wrong with the version itself would only hold the next states up.
    loaded.needsWarming = failed !== null && describeError(failed.code).retry;
    loaded.failure =
      failed === null ? null : { function: name, version, code: failed.code, message: failed.message.slice(0, 2_000) };
    if (failed !== null) {
      this.#options.logger.warn({ function: name, version, code: failed.code }, "version.warm.failed");
    }
  }

  #fail({ function: name, version }: FrontVersion, message: string): VersionFailure {
    this.#options.logger.error({ function: name, version, reason: message }, "version.load.failed");
    return { function: name, version, code: "FUNCTION_LOAD_FAILED", message };
  }

  #retireAllBut(routed: ReadonlySet<string>): void {
    const now = this.#options.clock.monotonicMs();
    for (const key of this.#loaded.keys()) {
      if (!routed.has(key) && !this.#retired.has(key)) this.#retired.set(key, now);
    }
    const oldest = [...this.#retired.keys()].slice(0, Math.max(0, this.#retired.size - RETIRED_MAX));
    for (const key of oldest) this.#unload(key);
    this.#scheduleCheck();
  }

  #scheduleCheck(): void {
    if (this.#retired.size === 0 || this.#cancelCheck !== null) return;
    this.#cancelCheck = this.#options.clock.after(RETIRED_CHECK_MS, () => {
      this.#cancelCheck = null;
      this.#unloadRetired();
      this.#scheduleCheck();
    });
  }

  #unloadRetired(): void {
    const isIdle = this.#options.requestsInFlight() === 0;
    const now = this.#options.clock.monotonicMs();
    for (const [key, since] of this.#retired) {
      if (isIdle || now - since >= RETIRED_MS) this.#unload(key);
    }
  }

  #unload(key: string): void {
    this.#retired.delete(key);
    this.#loaded.delete(key);
    this.#options.stackMaps.remove(key);
    this.#options.driver.unload(key);
  }
}

function readyVersion({ version: { key, function: name, version }, egress }: LoadedVersion): [string, ReadyVersion] {
  return [`${name}@${version}`, { key, egress }];
}

/** A function that is disabled keeps nothing. */
function reservedVersions(state: DesiredState, loaded: readonly LoadedVersion[]): readonly ReservedVersion[] {
  const policies = new Map(
    state.functions
      .filter(({ enabled }) => enabled)
      .flatMap(({ name, versions }) => versions.map(({ version, reserved = [] }) => [`${name}@${version}`, reserved])),
  );
  return loaded.flatMap(({ version: { key, function: name, version }, limits }) => {
    const own = policies.get(`${name}@${version}`) ?? [];
    return own.length === 0 ? [] : [{ key, function: name, version, limits, policies: own }];
  });
}
