/** What an instance is made of, and what it keeps of an invocation. */
import type { FunctionLimits } from "../../sdk/limits.ts";
import type { PoolUser } from "../host-operations/thread-pool.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import type { CpuMark } from "./cpu-account.ts";
import type { InstanceOwner } from "./instance-owner.ts";
import type { InstanceSize } from "./instance-pool.ts";
import type { Isolate } from "./isolated-vm.ts";

export interface InstanceParts {
  readonly number: number;
  readonly isolate: Isolate;
  readonly limits: FunctionLimits;
  /** MiB, as in `limits`; null: the version's own. */
  readonly size: InstanceSize;
  readonly environment: RuntimeEnvironment;
  readonly owner: InstanceOwner;
  /** The instance's to dispose. */
  readonly pool: PoolUser;
}

/** One that has not ended. */
export interface ActiveInvocation {
  readonly id: number;
  /** Until it is answered; then until it is abandoned, unless something holds it (after-answer.ts). */
  deadlineMs: number;
  /** Where its CPU time is counted from. */
  cpu: CpuMark;
  answered: boolean;
  /** The stream that is its answer's body, while that goes on. */
  streamId: number | null;
}
