/**
 * One isolate host process as the set of them holds it; `host-process.ts` makes real ones.
 *
 * Invariant: it ends with SIGKILL and nothing else, and `onEnd` of whoever started it is called exactly once.
 */
import type { RemoteDriver } from "../../runtime/remote-driver.ts";

export type HostDriver = Pick<
  RemoteDriver,
  | "load"
  | "unload"
  | "warm"
  | "prewarm"
  | "reserve"
  | "invoke"
  | "stats"
  | "ping"
  | "failOverdue"
  | "ended"
  | "close"
  | "active"
  | "running"
  | "heard"
  | "instances"
  | "instancesGone"
  | "onLost"
  | "onCondemned"
>;

export interface IsolateHost {
  readonly driver: HostDriver;
  /** Undefined when the process could not be started. */
  readonly pid: number | undefined;
  readonly ended: boolean;
  kill(): void;
}

/** The link to a process ended by itself. */
export interface HostLoss {
  /** Keys of what ran in it. */
  readonly running: readonly string[];
  /** What came of what it said, where that ended the link. */
  readonly failure: Error | null;
}

export interface HostEnd {
  /** For logs, with what the process last said. */
  readonly reason: string;
  /** It was killed by somebody: this front, the operator, or the kernel when memory ran out. */
  readonly isKilled: boolean;
}

/** Starts a process. */
export type StartHost = (onEnd: (host: IsolateHost, end: HostEnd) => void) => IsolateHost;

/** Why a host ended without being asked to, or was ended because it was not fit. */
export const hostDeathCauses = ["crash", "killed", "hang", "memory", "stuck", "catastrophe"] as const;
export type HostDeathCause = (typeof hostDeathCauses)[number];
