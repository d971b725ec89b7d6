/** What an invocation by REST asks for, checked against the version it names. Pure. */
import type { InvokeInput } from "../../sdk/api.ts";
import { showValue } from "../../sdk/field-reader.ts";
import { isHeaderName, isHeaderValue } from "../../sdk/header-text.ts";
import { phases, type Phase } from "../../sdk/phase.ts";
import type { Problem } from "../../sdk/problem.ts";
import { conflict, invalidInput } from "../control-error.ts";
import type { VersionRow } from "../store.ts";

/** What a node needs beside the function's own time to receive an invocation and answer. */
const transportMs = 5_000;

/** @throws ControlError INPUT_INVALID with all problems, CONFLICT for a disabled function. */
export function prepareInvocation(
  { phase, request }: InvokeInput,
  { version, enabled }: { readonly version: VersionRow; readonly enabled: boolean },
): { readonly phase: Phase; readonly timeoutMs: number } {
  if (!enabled) throw conflict(`Function "${version.function}" is disabled.`);
  const chosen = phase ?? defaultPhase(version);
  const problems = checkRequest(request);
  if (chosen === null || !version.hooks.includes(chosen)) {
    const hooks = version.hooks.filter((hook) => phases.some((known) => known === hook));
    problems.push({ path: "phase", message: `received ${showValue(phase)}, allowed: ${hooks.join(", ") || "none"}` });
  }
  if (problems.length > 0 || chosen === null) throw invalidInput(problems);
  const { fetchWallMs, wallMs } = version.limits;
  return { phase: chosen, timeoutMs: (chosen === "fetch" ? fetchWallMs : wallMs) + transportMs };
}

/** `fetch` when there is one: it answers by itself. */
function defaultPhase({ hooks }: VersionRow): Phase | null {
  if (hooks.includes("fetch")) return "fetch";
  return phases.find((phase) => hooks.includes(phase)) ?? null;
}

function checkRequest({ url, headers }: InvokeInput["request"]): Problem[] {
  const problems: Problem[] = [];
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    problems.push({
      path: "request.url",
      message: `received ${showValue(url)}, allowed: an absolute http or https URL`,
    });
  }
  for (const [index, [name, value]] of headers.entries()) {
    if (isHeaderName(name) && isHeaderValue(value)) continue;
    const message = "allowed: a header's name and its value without line breaks, in Latin-1";
    problems.push({ path: `request.headers[${String(index)}]`, message });
  }
  return problems;
}
