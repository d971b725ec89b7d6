/**
 * What `/healthz` answers: whether every front serves, and which revision, from one look at the node's parts.
 *
 * Pure. Invariant: a control plane that is away does not make a node unhealthy, because its traffic goes on.
 */
import type { ControlLinkStatus } from "../control/control-link.ts";
import type { SlotStatus } from "../supervisor/front-slot.ts";
import type { AppliedRevision } from "../supervisor/revision-applier.ts";

/** The parts of a node as they are now. */
export interface NodeView {
  readonly name: string;
  readonly selvageVersion: string;
  readonly port: number | null;
  /** Null: off. */
  readonly tlsPort: number | null;
  readonly stopping: boolean;
  readonly applied: AppliedRevision | null;
  /** Why the newest state is not served. */
  readonly refusal: string | null;
  readonly control: ControlLinkStatus | null;
  readonly fronts: readonly SlotStatus[];
  readonly logsDropped: number;
}

export interface NodeHealth {
  readonly status: "ok" | "degraded" | "stopping";
  readonly node: string;
  readonly version: string;
  readonly port: number | null;
  readonly tlsPort: number | null;
  /** 0 while the node has no state. */
  readonly revision: number;
  readonly failures: AppliedRevision["failures"];
  readonly refusal: string | null;
  readonly control: { readonly state: string; readonly since: string; readonly message: string };
  /** Function versions that run in a process of their own because they brought others down; the kills of all fronts together. */
  readonly quarantined: readonly { readonly function: string; readonly version: string; readonly kills: number }[];
  readonly fronts: readonly Pick<SlotStatus, "phase" | "pid" | "restarts" | "revision" | "requestsInFlight">[];
}

/** `status` is `ok` when all fronts serve; anything else is answered with 503. */
export function nodeHealth(view: NodeView): NodeHealth {
  const allServe = view.fronts.length > 0 && view.fronts.every(({ phase }) => phase === "serving");
  const { control } = view;
  return {
    status: view.stopping ? "stopping" : allServe ? "ok" : "degraded",
    node: view.name,
    version: view.selvageVersion,
    port: view.port,
    tlsPort: view.tlsPort,
    revision: view.applied?.revision ?? 0,
    failures: view.applied?.failures ?? [],
    refusal: view.refusal,
    control: {
      state: control?.kind ?? "connecting",
      since: new Date(control?.since ?? 0).toISOString(),
      message: control?.message ?? "",
    },
    quarantined: quarantinedOf(view.fronts),
    fronts: view.fronts.map(({ phase, pid, restarts, revision, requestsInFlight }) => ({
      phase,
      pid,
      restarts,
      revision,
      requestsInFlight,
    })),
  };
}

function quarantinedOf(fronts: readonly SlotStatus[]): NodeHealth["quarantined"] {
  const byName = new Map<string, NodeHealth["quarantined"][number]>();
  for (const { function: name, version, kills } of fronts.flatMap(({ quarantined }) => quarantined)) {
    const key = `${name}@${version}`;
    byName.set(key, { function: name, version, kills: kills + (byName.get(key)?.kills ?? 0) });
  }
  return [...byName.values()];
}
