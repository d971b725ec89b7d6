/**
 * A function calls another one by binding: the `fetch` hook runs on this node, with its own limits and log, and no network between.
 *
 * Alias and version are looked up at the time of each call, in the routing of that moment. Invariants: calls within calls end at
 * `serviceLimits.depthMax`, so that a loop is cut; all calls that one client request causes are counted together, however they branch.
 */
import type { Body } from "../../runtime/body.ts";
import {
  SubrequestError,
  type InvocationHost,
  type Outcome,
  type Subrequest,
  type SubrequestResponse,
} from "../../runtime/driver.ts";
import { describeError, type ErrorCode } from "../../sdk/error-code.ts";
import { deleteHeader, setHeader } from "../../sdk/header-text.ts";
import { serviceLimits } from "../../sdk/limits.ts";
import { serviceText, type ServiceTarget } from "../../sdk/service-target.ts";
import { followRedirects, type Hop, type HopResponse } from "../origin/subrequest.ts";
import { targetFor } from "../routing/routing.ts";
import type { Caller } from "./caller.ts";
import { discardBody } from "./discard-body.ts";
import { logFailure } from "./function-failure.ts";
import { isHeaderText } from "./header-grammar.ts";
import { removeHopByHop } from "./hop-headers.ts";
import { LentBody } from "./lent-body.ts";

export interface ServiceCall {
  readonly request: Subrequest;
  /** What the caller calls it. */
  readonly name: string;
  readonly service: ServiceTarget;
  readonly signal: AbortSignal;
  /** What the called function may ask of the world. */
  readonly hostOf: (callee: Caller) => InvocationHost;
}

/** Throws SubrequestError when there is no response; its message names the binding and holds nothing of the called function. */
export async function callService(caller: Caller, call: ServiceCall): Promise<SubrequestResponse> {
  if (caller.depth >= serviceLimits.depthMax) {
    await discardBody(call.request.body);
    throw failure(call, "SERVICE_TOO_DEEP");
  }
  return await followRedirects(call.request, (hop) => runHop(caller, call, hop));
}

async function runHop(caller: Caller, call: ServiceCall, hop: Hop): Promise<HopResponse> {
  const { services, budget } = caller;
  const lent = hop.body.kind === "stream" ? new LentBody(hop.body) : null;
  try {
    if (call.signal.aborted) throw failure(call, "REQUEST_ABORTED");
    budget.serviceCallsLeft -= 1;
    if (budget.serviceCallsLeft < 0) throw failure(call, "FUNCTION_SUBREQUEST_LIMIT");
    const named = services.routing().resolveService(call.service);
    if (named === undefined) throw failure(call, "SERVICE_NOT_FOUND");
    const resolved = targetFor(named, caller.asking, services.random);
    if (resolved.key === null) throw failure(call, "FUNCTION_UNAVAILABLE");
    const callee: Caller = {
      ...caller,
      function: call.service.function,
      version: resolved.version,
      egress: resolved.egress,
      phase: "fetch",
      depth: caller.depth + 1,
    };
    return await run(callee, { call, hop, lent, key: resolved.key });
  } catch (error) {
    await lent?.discard();
    throw error;
  }
}

interface Run {
  readonly call: ServiceCall;
  readonly hop: Hop;
  readonly lent: LentBody | null;
  readonly key: string;
}

async function run(callee: Caller, { call, hop, lent, key }: Run): Promise<HopResponse> {
  const { services, requestId, clientIp, tls, domain } = callee;
  const started = services.clock.monotonicMs();
  const { url } = hop;
  const running = services.driver.invoke(
    {
      key,
      phase: "fetch",
      requestId,
      method: hop.method,
      url: `${url.origin}${url.pathname}${url.search}`,
      headers: setHeader(deleteHeader(removeHopByHop(hop.headers), "expect"), "host", url.host),
      body: lent?.body ?? hop.body,
      response: null,
      clientIp,
      tls,
      domain,
      rulePriority: 0,
      cacheStatus: "",
    },
    call.hostOf(callee),
  );
  const abort = (): void => running.cancel();
  call.signal.addEventListener("abort", abort, { once: true });
  if (call.signal.aborted) abort();
  const outcome = await running.outcome;
  const code = problemOf(outcome, lent);
  const durationMs = services.clock.monotonicMs() - started;
  const answered = outcome.kind === "response" ? outcome.status : undefined;
  services.metrics.countCall(callee, { result: code ?? "response", status: answered, durationMs });
  if (code !== null || outcome.kind !== "response") {
    call.signal.removeEventListener("abort", abort);
    // Sockets are for clients: a caller has nowhere to attach one.
    if (outcome.kind === "upgrade") outcome.socket.close({ code: 1006, reason: "", wasClean: false });
    const { message, stack } =
      outcome.kind === "failed" ? outcome : { message: "The function returned what is not a response", stack: "" };
    logFailure(callee, { key, code: code ?? "FUNCTION_RESULT_INVALID", message, stack });
    throw failure(call, code ?? "FUNCTION_RESULT_INVALID");
  }
  const { status, headers } = outcome;
  const body = await answerBody(outcome.body, { hop, lent, onCancel: abort });
  if (body.kind !== "stream") call.signal.removeEventListener("abort", abort);
  return { kind: "response", status, statusText: "", headers: removeHopByHop(headers), body };
}

/** Why the outcome is no answer, or null. */
function problemOf(outcome: Outcome, lent: LentBody | null): ErrorCode | null {
  if (outcome.kind === "failed") return outcome.code;
  if (outcome.kind !== "response" || !isHeaderText(outcome.headers)) return "FUNCTION_RESULT_INVALID";
  return outcome.body.kind === "same" && lent?.touched === true ? "FUNCTION_RESULT_INVALID" : null;
}

/** The answer's body. What is left of the request's body then is given back: at once, or when the answer that may depend on it is over. */
async function answerBody(
  body: Extract<Outcome, { kind: "response" }>["body"],
  from: { readonly hop: Hop; readonly lent: LentBody | null; readonly onCancel: () => void },
): Promise<Body> {
  const { hop, lent, onCancel } = from;
  if (body.kind === "same") return lent === null ? hop.body : lent.takeBack();
  if (body.kind !== "stream") {
    await lent?.discard();
    return body;
  }
  await lent?.give();
  return { ...body, chunks: watched(body.chunks, { onCancel, onOver: async () => await lent?.discard() }) };
}

/** The same chunks. `onOver`: they ended, broke off or are not wanted; `onCancel` before that: they are not wanted. */
function watched(
  chunks: AsyncIterable<Uint8Array>,
  { onCancel, onOver }: { readonly onCancel: () => void; readonly onOver: () => Promise<void> },
): AsyncIterable<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const watching: AsyncIterator<Uint8Array, undefined> = {
    next: async () => {
      try {
        const step = await iterator.next();
        if (step.done !== true) return { done: false, value: step.value };
      } catch (error) {
        await onOver();
        throw error;
      }
      await onOver();
      return { done: true, value: undefined };
    },
    return: async () => {
      onCancel();
      await iterator.return?.();
      await onOver();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => watching };
}

function failure({ name, service }: ServiceCall, code: ErrorCode): SubrequestError {
  return new SubrequestError(code, `${name} (${serviceText(service)}): ${describeError(code).text}`);
}
