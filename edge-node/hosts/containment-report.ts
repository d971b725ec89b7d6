/** What the containment of crashes did so far, for metrics and health. */
import type { HostDeathCause } from "./isolate-host.ts";
import type { HomeKind } from "./host-placement.ts";

export interface QuarantinedVersion {
  readonly function: string;
  readonly version: string;
  /** Processes it brought down since it was trusted last. */
  readonly kills: number;
  /** Milliseconds until it may run again; 0: it may. */
  readonly heldBackMs: number;
}

export interface ContainmentReport {
  /** Hosts that ended without being asked to, or were ended as not fit, since the front's start. */
  readonly deaths: Readonly<Record<HostDeathCause, number>>;
  /** Invocations that ran once more on another host, and those that could not because the world may have noticed them. */
  readonly repeated: number;
  readonly notRepeated: number;
  readonly quarantined: readonly QuarantinedVersion[];
  /** Versions that run apart until a culprit is found. */
  readonly suspects: number;
  readonly hosts: readonly { readonly kind: HomeKind | "standby" | "ending"; readonly rssMiB: number }[];
}
