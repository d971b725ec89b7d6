/**
 * What the services of a version to be published refer to: whether each function, alias or version exists and exports `fetch`, and whether
 * its name is free in `env`.
 *
 * Only publishing asks: a version never changes, so that what is deleted or moved later fails at the call, with a code.
 */
import { collidingServices, type ServiceTarget } from "../../sdk/service-target.ts";
import type { Problem } from "../../sdk/problem.ts";
import { invalidInput } from "../control-error.ts";
import type { MasterKey } from "../keys/master-key.ts";
import { decryptSecrets } from "../keys/secrets-at-rest.ts";
import type { StoreView, VersionRow } from "../store.ts";
import type { PublishPlan } from "./publish-plan.ts";

/** @throws ControlError INPUT_INVALID with all problems. */
export async function checkServices(
  view: StoreView,
  { plan, masterKey }: { readonly plan: PublishPlan; readonly masterKey: MasterKey },
): Promise<void> {
  const { functionName, services } = plan;
  if (Object.keys(services).length === 0) return;
  const { variables, encryptedSecrets: encrypted } = await view.functions.environment(functionName);
  const secrets = decryptSecrets(masterKey, { functionName, encrypted });
  const problems = [...collidingServices(services, [...Object.keys(variables), ...Object.keys(secrets)])];
  for (const [name, target] of Object.entries(services)) {
    const problem = isPublishedNow(target, plan) ? null : await checkTarget(view, target);
    if (problem !== null) problems.push({ path: `services.${name}.${problem.path}`, message: problem.message });
  }
  if (problems.length > 0) throw invalidInput(problems);
}

/** Whether the target is what this publish makes: a function may call itself. */
function isPublishedNow(target: ServiceTarget, { functionName, version, aliases }: PublishPlan): boolean {
  if (target.function !== functionName) return false;
  if (target.alias !== undefined) return aliases.includes(target.alias);
  return target.version === "latest" || target.version === version;
}

async function checkTarget(view: StoreView, target: ServiceTarget): Promise<Problem | null> {
  const { function: name, alias, version } = target;
  if ((await view.functions.get(name)) === null) {
    return { path: "function", message: `received "${name}", allowed: an existing function` };
  }
  const row = await findVersion(view, target);
  if (row === null) {
    return alias === undefined
      ? { path: "version", message: `received "${version}", allowed: a version of function "${name}"` }
      : { path: "alias", message: `received "${alias}", allowed: an alias of function "${name}"` };
  }
  if (row.hooks.includes("fetch")) return null;
  const exported = `version "${row.version}" of function "${name}" exports ${row.hooks.join(", ")}`;
  return { path: "function", message: `cannot be called: ${exported}, allowed: a function that exports fetch` };
}

async function findVersion(
  { aliases, versions }: StoreView,
  { function: name, alias, version }: ServiceTarget,
): Promise<VersionRow | null> {
  if (alias !== undefined) {
    const row = await aliases.get(name, alias);
    return row === null ? null : versions.get(name, row.version);
  }
  return version === "latest" ? versions.latest(name) : versions.get(name, version);
}
