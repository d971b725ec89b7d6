/** What an instance tells whoever started it, and asks of them. */
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { HeartbeatAnswer } from "./heartbeat-watch.ts";
import type { Instance } from "./instance.ts";

export interface InstanceOwner {
  /** Frames for the front. */
  forward(instance: Instance, batch: string, buffers: readonly Uint8Array[]): void;
  /** An invocation got its outcome frame (forwarded already), or ended. */
  onOutcome(instance: Instance, invocationId: number, failed: boolean): void;
  onEnded(instance: Instance, invocationId: number): void;
  /** Whether the engine's own thread may run the entries of quick functions. */
  mayRunHere(): boolean;
  /** The guest said whether it is well. */
  onHeartbeat(instance: Instance, answer: HeartbeatAnswer): void;
  /** A timer or an answer runs in it while no invocation does. */
  onWoken(instance: Instance): void;
  /** The instance is over; each invocation without an outcome is listed with the code it fails with. */
  onStopped(
    instance: Instance,
    unanswered: readonly { readonly id: number; readonly code: ErrorCode; readonly message: string }[],
  ): void;
}
