/**
 * Whether a publish would only repeat the latest version. Pure.
 *
 * The same module, limits, isolation, permission to make code, egress lists, handler, services, dependencies (in their order), environment and wish for a snapshot make the same version. A snapshot that failed may be tried again.
 */
import { isDeepStrictEqual } from "node:util";
import type { Digest } from "../../sdk/artifact.ts";
import type { Dependencies } from "../../sdk/dependency.ts";
import { isSameEgress, type Egress } from "../../sdk/egress.ts";
import type { EventSettings } from "../../sdk/event-settings.ts";
import { type Isolation } from "../../sdk/isolation.ts";
import type { FunctionLimits } from "../../sdk/limits.ts";
import type { Services } from "../../sdk/service-target.ts";
import { takenAfterInitializer } from "./initialize-job.ts";
import type { VersionRow } from "../store.ts";

export interface VersionContent {
  readonly moduleDigest: Digest;
  readonly limits: FunctionLimits;
  readonly services: Services;
  readonly dependencies: Dependencies;
  readonly isolation: Isolation;
  readonly allowEval: boolean;
  readonly egress: Egress;
  readonly event: EventSettings | null;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly snapshot: boolean;
  /** It is to be taken after the initializer ran. */
  readonly isInitialized: boolean;
}

export function repeatsVersion(
  content: VersionContent,
  { latest, latestSecrets }: { readonly latest: VersionRow; readonly latestSecrets: Readonly<Record<string, string>> },
): boolean {
  const { reason, state } = latest.snapshot;
  return (
    content.moduleDigest === latest.moduleDigest &&
    state !== "failed" &&
    content.snapshot === (state === "ready") &&
    content.isInitialized === (state === "ready" && reason === takenAfterInitializer) &&
    content.isolation === latest.isolation &&
    content.allowEval === latest.allowEval &&
    isSameEgress(content.egress, latest.egress) &&
    isDeepStrictEqual(content.event, latest.event) &&
    isDeepStrictEqual(content.limits, latest.limits) &&
    isDeepStrictEqual(content.services, latest.services) &&
    isDeepStrictEqual(Object.entries(content.dependencies), Object.entries(latest.dependencies)) &&
    isDeepStrictEqual(content.variables, latest.variables) &&
    isDeepStrictEqual(content.secrets, latestSecrets)
  );
}
