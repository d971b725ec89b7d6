/**
 * Runs one hook of one function for `selvage invoke`: no domain, no rule, no cache; what it did and logged comes back.
 */
import { emptyBody, type Body } from "../../runtime/body.ts";
import type { Outcome } from "../../runtime/driver.ts";
import type { InvokeMessage, InvokeResult, LogRecord } from "../../sdk/desired-state.ts";
import { eventRequestHeaders } from "../../sdk/event-answer.ts";
import { headerEntries, isHeaderName, isHeaderValue, type HeaderText } from "../../sdk/header-text.ts";
import { messageLimits, serviceLimits } from "../../sdk/limits.ts";
import { isResponsePhase } from "../../sdk/phase.ts";
import { discardBody } from "../pipeline/discard-body.ts";
import type { Caller } from "../pipeline/caller.ts";
import { FunctionHost } from "../pipeline/function-host.ts";
import { mapEventStack } from "./map-event-stack.ts";
import { isHeaderText } from "../pipeline/header-grammar.ts";
import type { FunctionLog, Services } from "../pipeline/services.ts";
import { readWholeBody } from "../pipeline/whole-body.ts";
import type { Asking } from "../routing/grey-picker.ts";
import { targetFor, type Routing } from "../routing/routing.ts";

type InvokeOutcome = InvokeResult["outcome"];

/** Never throws. Records in the result carry no node name: the control plane knows which node it asked. */
export async function invokeDirectly(
  services: Services,
  { routing, message }: { readonly routing: Routing; readonly message: InvokeMessage },
): Promise<InvokeResult> {
  const started = services.clock.monotonicMs();
  const logs: LogRecord[] = [];
  const outcome = await runHook(services, {
    routing,
    message,
    onLog: (record) => {
      if (logs.length < LOGS_MAX) logs.push({ ...record, node: "" });
      services.onLog(record);
    },
  });
  return { id: message.id, outcome, durationMs: services.clock.monotonicMs() - started, logs };
}

const LOGS_MAX = 1_000;

async function runHook(
  services: Services,
  call: {
    readonly routing: Routing;
    readonly message: InvokeMessage;
    readonly onLog: (record: FunctionLog) => void;
  },
): Promise<InvokeOutcome> {
  const { routing, message, onLog } = call;
  const { request, phase } = message;
  const headers = headerText(request.headers);
  if (headers === null || !URL.canParse(request.url)) return failed("REQUEST_MALFORMED", "The event is not a request");
  const asking: Asking = { client: { headers }, draw: -1 };
  const named = routing.resolve(message.function, message.qualifier);
  const resolved = named === undefined ? undefined : targetFor(named, asking, services.random);
  if (resolved === undefined || resolved.key === null) {
    return failed("FUNCTION_UNAVAILABLE", `${message.function}@${message.qualifier} is not loaded on this node`);
  }
  const identity = { requestId: message.id, function: message.function, version: resolved.version, phase };
  const caller: Caller = {
    ...identity,
    services,
    egress: resolved.egress,
    clientIp: "127.0.0.1",
    tls: null,
    domain: new URL(request.url).hostname,
    cdnLoop: "",
    depth: 0,
    budget: { serviceCallsLeft: serviceLimits.callsPerRequestMax },
    asking,
    onLog,
  };
  const running = services.driver.invoke(
    {
      ...identity,
      key: resolved.key,
      ...sizeAsked(message),
      method: request.method,
      url: new URL(request.url).href,
      headers,
      body: requestBody(request.body),
      response: isResponsePhase(phase) ? { status: 200, headers: "", body: emptyBody } : null,
      clientIp: caller.clientIp,
      domain: caller.domain,
      rulePriority: 0,
      cacheStatus: "",
    },
    new FunctionHost(caller),
  );
  const started = services.clock.monotonicMs();
  const outcome = await running.outcome;
  services.metrics.countCall(identity, {
    result: outcome.kind === "failed" ? outcome.code : outcome.kind,
    status: outcome.kind === "response" ? outcome.status : undefined,
    durationMs: services.clock.monotonicMs() - started,
  });
  if (outcome.kind === "failed") {
    const stack = outcome.stack === "" ? {} : { stack: await services.mapStack(resolved.key, outcome.stack) };
    const { code, message: text } = outcome;
    onLog({ ...identity, time: services.clock.now(), kind: "error", level: "error", message: text, code, ...stack });
  }
  const described = await describeOutcome(outcome);
  return phase === "event"
    ? mapEventStack(described, (stack) => services.mapStack(resolved.key ?? "", stack))
    : described;
}

async function describeOutcome(outcome: Outcome): Promise<InvokeOutcome> {
  switch (outcome.kind) {
    case "continue":
      return { kind: "continue" };
    case "failed":
      return failed(outcome.code, outcome.message);
    case "request":
      if (outcome.body.kind !== "same") await discardBody(outcome.body);
      if (!isHeaderText(outcome.headers)) return failed("FUNCTION_RESULT_INVALID", "Headers outside the grammar");
      return { kind: "request", method: outcome.method, url: outcome.url, headers: headerEntries(outcome.headers) };
    case "upgrade":
      // Nobody is there to talk to.
      outcome.socket.close({ code: 1001, reason: "", wasClean: true });
      if (!isHeaderText(outcome.headers)) return failed("FUNCTION_RESULT_INVALID", "Headers outside the grammar");
      return { kind: "response", status: 101, headers: headerEntries(outcome.headers), body: "" };
    default: {
      if (!isHeaderText(outcome.headers)) return failed("FUNCTION_RESULT_INVALID", "Headers outside the grammar");
      const bytesMax = messageLimits.bufferedBodyBytesMax;
      const whole = await readWholeBody(outcome.body.kind === "same" ? emptyBody : outcome.body, { bytesMax });
      if (whole.kind === "broken") return failed("FUNCTION_BODY_FAILED", whole.message);
      if (whole.kind === "too-large") {
        return failed("FUNCTION_BODY_FAILED", `The answer is larger than ${bytesMax} bytes`);
      }
      const { status, headers } = outcome;
      return { kind: "response", status, headers: headerEntries(headers), body: whole.bytes.toString("base64") };
    }
  }
}

/** The control plane checked it against the version; a version that does not offer the size uses its own. */
function sizeAsked({ phase, request }: InvokeMessage): { readonly memoryMiB?: number } {
  const named = request.headers.find(([name]) => name.toLowerCase() === eventRequestHeaders.memory)?.[1];
  return phase === "event" && named !== undefined && /^\d{1,5}$/.test(named) ? { memoryMiB: Number(named) } : {};
}

function requestBody(base64: string | null): Body {
  return base64 === null ? emptyBody : { kind: "bytes", bytes: Buffer.from(base64, "base64") };
}

function headerText(entries: readonly (readonly [string, string])[]): HeaderText | null {
  if (!entries.every(([name, value]) => isHeaderName(name) && isHeaderValue(value))) return null;
  return entries.map(([name, value]) => `${name.toLowerCase()}:${value.trim()}\n`).join("");
}

function failed(code: Extract<InvokeOutcome, { kind: "failed" }>["code"], message: string): InvokeOutcome {
  return { kind: "failed", code, message };
}
