/**
 * One running front process as the supervisor holds it. `fork-front.ts` makes real ones.
 *
 * Invariant: `onExit` fires exactly once, also when the process could not be started; nothing arrives after it.
 */
import type { FromFront, FrontSettings, ToFront } from "../ipc.ts";

export interface FrontHandle {
  /** Undefined when the process could not be started. */
  readonly pid: number | undefined;
  /** A message that cannot be sent is dropped: the exit that follows says why. */
  send(message: ToFront): void;
  /** SIGKILL: a hung process answers to nothing else. */
  kill(): void;
}

export interface FrontEvents {
  onMessage(message: FromFront): void;
  /** `reason` is for logs: exit code or signal. */
  onExit(reason: string): void;
}

export type SpawnFront = (settings: FrontSettings, events: FrontEvents) => FrontHandle;
