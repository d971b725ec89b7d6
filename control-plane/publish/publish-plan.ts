/**
 * What a publish request asks for, checked against what exists before any work is done.
 *
 * The same checks hold again in the transaction that publishes: this early look only spares the author the wait.
 */
import type { PublishRequest, Source } from "../../sdk/api.ts";
import { parseDependencies, type Dependencies } from "../../sdk/dependency.ts";
import { parseEgress, type Egress } from "../../sdk/egress.ts";
import { defaultIsolation, type Isolation } from "../../sdk/isolation.ts";
import { fileOf, type EventSettings } from "../../sdk/event-settings.ts";
import { parseEventSettings } from "../../sdk/event-settings-parser.ts";
import { eventFunctionLimits, parseFunctionLimits } from "../../sdk/function-limits-parser.ts";
import { refuseAliasName, refuseVersionName } from "../../sdk/function-name.ts";
import { showValue } from "../../sdk/field-reader.ts";
import { publishLimits, type FunctionLimits } from "../../sdk/limits.ts";
import type { Problem } from "../../sdk/problem.ts";
import { parseServices, type Services } from "../../sdk/service-target.ts";
import { conflict, invalidInput } from "../control-error.ts";
import { requireDependencies } from "../dependencies/read-dependencies.ts";
import { requireRoom } from "../quotas/require-room.ts";
import type { StoreView } from "../store.ts";
import { refuseCodeUrl } from "./code-download.ts";

export interface PublishPlan {
  readonly functionName: string;
  readonly source: Source;
  /** Null: the default name. */
  readonly version: string | null;
  readonly description: string;
  readonly limits: FunctionLimits;
  readonly services: Services;
  readonly dependencies: Dependencies;
  readonly isolation: Isolation;
  readonly allowEval: boolean;
  readonly egress: Egress;
  /** Null: not an event function. */
  readonly event: EventSettings | null;
  /** Each once. */
  readonly aliases: readonly string[];
  /** Null: the bundle's size decides. */
  readonly snapshot: boolean | null;
}

interface Bundled {
  readonly code: string;
  readonly wasm: readonly unknown[];
}

/** Whether a version made from this bundle is to have a startup snapshot; V8 cannot freeze WebAssembly, asked for or not. */
export function wantsSnapshot({ snapshot }: PublishPlan, { code, wasm }: Bundled): boolean {
  if (wasm.length > 0) return false;
  return snapshot ?? Buffer.byteLength(code) >= publishLimits.snapshotBundleBytesMin;
}

/** @throws ControlError INPUT_INVALID with all problems. */
export function planPublish(functionName: string, request: PublishRequest): PublishPlan {
  const problems: Problem[] = [];
  const event = parseEventSettings(request.event);
  if (!event.ok) problems.push(...event.problems);
  else problems.push(...handlerProblems(event.value, request.source));
  const limits = parseFunctionLimits(request.limits, event.ok && event.value !== null ? eventFunctionLimits : {});
  if (!limits.ok) problems.push(...limits.problems);
  const services = parseServices(request.services);
  if (!services.ok) problems.push(...services.problems);
  const dependencies = parseDependencies(request.dependencies);
  if (!dependencies.ok) problems.push(...dependencies.problems);
  if (dependencies.ok && request.source.kind === "bundle" && Object.keys(dependencies.value).length > 0) {
    problems.push({ path: "dependencies", message: "a bundle has no imports left, allowed: none" });
  }
  if (request.source.kind === "url") {
    const allowed = refuseCodeUrl(request.source.url);
    if (allowed !== null) problems.push({ path: "source.url", message: `received another text, allowed: ${allowed}` });
  }
  const egress = parseEgress(request.egress);
  if (!egress.ok) problems.push(...egress.problems);
  const { version = null, aliases = [] } = request;
  const refusal = version === null ? null : refuseVersionName(version);
  if (refusal !== null)
    problems.push({ path: "version", message: `received ${showValue(version)}, allowed: ${refusal}` });
  for (const [index, alias] of aliases.entries()) {
    const path = `aliases[${String(index)}]`;
    const allowed = refuseAliasName(alias);
    if (allowed !== null) problems.push({ path, message: `received ${showValue(alias)}, allowed: ${allowed}` });
    else if (alias === version)
      problems.push({ path, message: `received ${showValue(alias)}, which is the version's name` });
  }
  if (problems.length > 0 || !limits.ok || !services.ok || !dependencies.ok || !egress.ok || !event.ok)
    throw invalidInput(problems);
  return {
    functionName,
    source: request.source,
    version,
    description: request.description ?? "",
    limits: limits.value,
    services: services.value,
    dependencies: dependencies.value,
    isolation: request.isolation ?? defaultIsolation,
    allowEval: request.allowEval ?? false,
    egress: egress.value,
    event: event.value,
    aliases: [...new Set(aliases)],
    snapshot: request.snapshot ?? null,
  };
}

/** The handler's file is the entry; where the source is one module, whatever it is called. */
function handlerProblems(event: EventSettings | null, source: Source): readonly Problem[] {
  if (event === null || !("entry" in source) || source.entry === undefined) return [];
  const entry = source.entry.replace(/\.[^./]+$/, "");
  const { handler } = event;
  if (fileOf(handler) === entry) return [];
  const allowed = `${entry}. and one of its exports: the entry is ${source.entry}`;
  return [{ path: "event.handler", message: `received ${showValue(handler)}, allowed: ${allowed}` }];
}

/** The function need not exist yet. @throws ControlError INPUT_INVALID for dependencies that do not exist, CONFLICT for a name that is taken, LIMIT_REACHED. */
export async function checkPlan(view: StoreView, { dependencies, functionName, version }: PublishPlan): Promise<void> {
  await requireDependencies(view, dependencies);
  if (version !== null) await requireFreeName(view, { functionName, version });
  await requireRoom(view, "versionsPerFunction", functionName);
  await requireRoom(view, "codeMiB");
}

async function requireFreeName(
  view: StoreView,
  { functionName, version }: { readonly functionName: string; readonly version: string },
): Promise<void> {
  if (await view.versions.isNameTaken(functionName, version)) {
    const taken = `Version "${version}" of function "${functionName}" exists or has existed`;
    throw conflict(`${taken}: a published version never changes, choose another name.`);
  }
  if ((await view.aliases.get(functionName, version)) !== null) {
    throw conflict(`"${version}" is the name of an alias of function "${functionName}".`);
  }
}
