/** Isolate hosts without processes, on a clock that stands still: what tests of placement are made of. */
import type {
  HostDeathCause,
  HostDriver,
  HostEnd,
  IsolateHost,
  StartHost,
} from "../../../edge-node/hosts/isolate-host.ts";
import { HostSet } from "../../../edge-node/hosts/host-set.ts";
import type { Invocation, Outcome, RunnableVersion, TracedInvocation, VersionStats } from "../../../runtime/driver.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { invocationOf, quietHost, versionOf } from "../../runtime/driver-fixtures.ts";

interface Running {
  readonly key: string;
  readonly settle: (outcome: Outcome) => void;
  readonly isRepeatable: boolean;
}

const failed = (code: "HOST_LOST" | "FUNCTION_CPU_LIMIT"): Outcome => ({
  kind: "failed",
  code,
  message: "",
  stack: "",
  passThrough: false,
});

/** Of a version that does nothing. */
export const idleStats: VersionStats = {
  key: "",
  instances: 0,
  reserved: 0,
  active: 0,
  queued: 0,
  invocations: 0,
  failures: 0,
  rejected: 0,
  coldStarts: 0,
  cpuMs: 0,
  heartbeatMisses: 0,
  retired: 0,
};

export class FakeHost implements IsolateHost {
  readonly pid: number;
  readonly loaded: Set<string> = new Set();
  readonly prewarmed: string[] = [];
  readonly reserved: Map<string, number> = new Map();
  readonly #running = new Set<Running>();
  readonly #onEnd: (host: IsolateHost, end: HostEnd) => void;
  #isLost = false;
  ended = false;
  answersPings = true;
  rssMiB = 50;
  heard = 1;
  instances = 0;
  instancesGone = 0;
  /** What it says of its versions. */
  standing: readonly VersionStats[] = [];
  /** What was asked to be ready. */
  readonly warmed: string[] = [];
  /** Until it is. */
  warming = (): Promise<null> => Promise.resolve(null);
  /** Invocations that were taken back. */
  cancelled = 0;
  /** What comes over requests whose name holds `unsafe` may not run again. */
  readonly driver: HostDriver;

  constructor(pid: number, onEnd: (host: IsolateHost, end: HostEnd) => void) {
    this.pid = pid;
    this.#onEnd = onEnd;
    this.driver = driverOf(this);
  }

  get isLive(): boolean {
    return !this.ended;
  }

  get active(): number {
    return this.#running.size;
  }

  get running(): readonly string[] {
    return [...new Set([...this.#running].map(({ key }) => key))];
  }

  kill(): void {
    this.die("SIGKILL");
  }

  /** The process ends by itself, as a process does: first its link, then itself. */
  die(signal: "SIGTRAP" | "SIGKILL"): void {
    if (this.ended) return;
    this.lose(null);
    this.vanish(signal);
  }

  /** The process ends, and its link says nothing. */
  vanish(signal: "SIGTRAP" | "SIGKILL"): void {
    this.ended = true;
    this.#onEnd(this, { reason: signal, isKilled: signal === "SIGKILL" });
  }

  /** Its link ends; with a failure: because it said what nobody can read, and lives on. */
  lose(failure: Error | null): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const lost = [...this.#running];
    this.driver.onLost(this.running, failure);
    this.#running.clear();
    for (const { settle: tell } of lost) tell(failed("HOST_LOST"));
  }

  /** Everything that runs is answered. */
  answer(): void {
    const done = [...this.#running];
    this.#running.clear();
    for (const { settle: tell } of done) tell({ kind: "continue" });
  }

  /** Everything that runs fails with a limit's code, as when an instance is stopped. */
  limit(): void {
    const stopped = [...this.#running];
    this.#running.clear();
    for (const { settle: tell } of stopped) tell(failed("FUNCTION_CPU_LIMIT"));
  }

  invoke({ key, requestId }: Invocation): TracedInvocation {
    const isRepeatable = !requestId.includes("unsafe");
    if (this.ended)
      return { outcome: Promise.resolve(failed("HOST_LOST")), cancel: () => undefined, isRepeatable: () => true };
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const running: Running = { key, settle: resolve, isRepeatable };
    this.#running.add(running);
    const cancel = (): void => {
      this.cancelled += 1;
    };
    return { outcome: promise, cancel, isRepeatable: () => isRepeatable };
  }
}

function driverOf(host: FakeHost): HostDriver {
  return {
    load: (version) => {
      host.loaded.add(version.key);
      return Promise.resolve();
    },
    unload: (key) => {
      host.loaded.delete(key);
    },
    failOverdue: () => 0,
    ended: () => {
      host.lose(null);
    },
    warm: (key) => {
      host.warmed.push(key);
      return host.warming();
    },
    reserve: (key, count) => {
      if (count > 0) host.reserved.set(key, count);
      else host.reserved.delete(key);
    },
    prewarm: (key) => {
      host.prewarmed.push(key);
      return Promise.resolve();
    },
    invoke: (invocation) => host.invoke(invocation),
    stats: () => Promise.resolve(host.standing),
    ping: () => {
      if (!host.answersPings) return new Promise(() => undefined);
      host.heard += 1;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
    get active() {
      return host.active;
    },
    get running() {
      return host.running;
    },
    get heard() {
      return host.heard;
    },
    get instances() {
      return host.instances;
    },
    get instancesGone() {
      return host.instancesGone;
    },
    onLost: () => undefined,
    onCondemned: () => undefined,
  };
}

export interface FakeSet {
  readonly hosts: HostSet;
  readonly clock: FakeClock;
  readonly logger: RecordingLogger;
  /** Every process that was started. */
  readonly started: readonly FakeHost[];
  /** Threads and what they were lowered to; a process's own first one has its id. */
  readonly lowered: readonly (readonly [number, number])[];
  /** The living process in which version `key` runs something. */
  readonly hostOf: (key: string) => FakeHost;
  readonly load: (name: string, isolation?: "shared" | "dedicated") => Promise<RunnableVersion>;
  /** Runs one invocation; the result is filled in when it has ended. */
  readonly ask: (version: RunnableVersion, requestId?: string) => { outcome: Outcome | null };
  readonly deaths: (cause: HostDeathCause) => number;
}

export async function fakeHosts(
  options: { readonly count?: number; readonly hostMemoryMiB?: number } = {},
): Promise<FakeSet> {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const started: FakeHost[] = [];
  const lowered: [number, number][] = [];
  const startHost: StartHost = (onEnd) => {
    const host = new FakeHost(started.length + 1, onEnd);
    started.push(host);
    return host;
  };
  const hosts = new HostSet({
    startHost,
    environment: { nowMs: () => clock.monotonicMs(), startTimer: (delayMs, fire) => clock.after(delayMs, fire) },
    logger,
    count: options.count ?? 1,
    restartShare: 1,
    hostMemoryMiB: options.hostMemoryMiB ?? 1_024,
    rssMiB: (pid) => started[pid - 1]?.rssMiB ?? null,
    cpuMs: () => 250,
    priority: {
      threads: (pid) => [pid, pid * 100],
      lowerThread: (thread, nice) => lowered.push([thread, nice]),
      lowerSession: () => undefined,
    },
  });
  await hosts.start();
  await settle();
  return {
    hosts,
    clock,
    logger,
    started,
    lowered,
    hostOf: (key) => {
      const found = started.find((host) => host.isLive && host.running.includes(key));
      if (found === undefined) throw new Error(`${key} does not run`);
      return found;
    },
    load: async (name, isolation = "shared") => {
      const version: RunnableVersion = { ...versionOf("{}", {}), key: name, function: name, isolation };
      await hosts.load(version);
      return version;
    },
    ask: (version, requestId = "request-1") => {
      const asked: { outcome: Outcome | null } = { outcome: null };
      void hosts.invoke(invocationOf(version.key, { requestId }), quietHost([])).outcome.then((outcome) => {
        asked.outcome = outcome;
      });
      return asked;
    },
    deaths: (cause) => hosts.containment().deaths[cause],
  };
}
