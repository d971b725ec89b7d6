/** What a front's isolate hosts are made with, and what their owner may look at and change of a process. */
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import type { Logger } from "../logger.ts";
import type { PriorityControl } from "./host-priorities.ts";
import type { StartHost } from "./isolate-host.ts";

export interface HostHomesOptions {
  readonly startHost: StartHost;
  readonly environment: Pick<RuntimeEnvironment, "nowMs" | "startTimer">;
  readonly logger: Logger;
  /** Shared host processes of this front, 1..64. */
  readonly count: number;
  /** Of one core that restarts may take, above 0, at most 1. */
  readonly restartShare: number;
  /** Memory of a host without instances, MiB; beyond, it is replaced. */
  readonly hostMemoryMiB: number;
  /** Resident memory of a process in MiB, or null. */
  readonly rssMiB: (pid: number) => number | null;
  /** CPU time of a process in milliseconds, or null. */
  readonly cpuMs: (pid: number) => number | null;
  readonly priority: PriorityControl;
}
