/**
 * Runs one hook of one function for `selvage invoke`: no domain, no rule, no cache; what it did and logged comes back.
 */
import { emptyBody, type Body } from "../../runtime/body.ts";
import type { InvocationHost, Outcome } from "../../runtime/driver.ts";
import type { InvokeMessage, InvokeResult, LogRecord } from "../../sdk/desired-state.ts";
import { headerEntries, isHeaderName, isHeaderValue, type HeaderText } from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { isResponsePhase } from "../../sdk/phase.ts";
import { subrequest } from "../origin/subrequest.ts";
import { discardBody } from "../pipeline/discard-body.ts";
import { isHeaderText } from "../pipeline/header-grammar.ts";
import { nextCdnLoop } from "../pipeline/loop-guard.ts";
import type { FunctionLog, Services } from "../pipeline/services.ts";
import type { Routing } from "../routing/routing.ts";

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
  const resolved = routing.resolve(message.function, message.qualifier);
  if (resolved === undefined || resolved.key === null) {
    return failed("FUNCTION_UNAVAILABLE", `${message.function}@${message.qualifier} is not loaded on this node`);
  }
  const { request, phase } = message;
  const headers = headerText(request.headers);
  if (headers === null || !URL.canParse(request.url)) return failed("REQUEST_MALFORMED", "The event is not a request");
  const identity = { requestId: message.id, function: message.function, version: resolved.version, phase };
  const host: InvocationHost = {
    fetch: (sub, signal) =>
      subrequest({ connections: services.functionConnections, cdnLoop: nextCdnLoop(""), signal }, sub),
    log: (level, text) => onLog({ ...identity, time: services.clock.now(), kind: "line", level, message: text }),
  };
  const running = services.driver.invoke(
    {
      ...identity,
      key: resolved.key,
      method: request.method,
      url: new URL(request.url).href,
      headers,
      body: requestBody(request.body),
      response: isResponsePhase(phase) ? { status: 200, headers: "", body: emptyBody } : null,
      clientIp: "127.0.0.1",
      domain: new URL(request.url).hostname,
      rulePriority: 0,
      cacheStatus: "",
    },
    host,
  );
  const outcome = await running.outcome;
  if (outcome.kind === "failed") {
    const stack = outcome.stack === "" ? {} : { stack: await services.mapStack(resolved.key, outcome.stack) };
    const { code, message: text } = outcome;
    onLog({ ...identity, time: services.clock.now(), kind: "error", level: "error", message: text, code, ...stack });
  }
  return await describeOutcome(outcome);
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
    default: {
      if (!isHeaderText(outcome.headers)) return failed("FUNCTION_RESULT_INVALID", "Headers outside the grammar");
      const body = await readWhole(outcome.body.kind === "same" ? emptyBody : outcome.body);
      if (typeof body === "string") return failed("FUNCTION_BODY_FAILED", body);
      const { status, headers } = outcome;
      return { kind: "response", status, headers: headerEntries(headers), body: body.toString("base64") };
    }
  }
}

/** The bytes, or why there are none. */
async function readWhole(body: Body): Promise<Buffer | string> {
  if (body.kind === "empty") return Buffer.alloc(0);
  if (body.kind === "text") return Buffer.from(body.text);
  if (body.kind === "bytes") return Buffer.from(body.bytes);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body.chunks) {
      bytes += chunk.byteLength;
      if (bytes > messageLimits.bufferedBodyBytesMax) {
        return `The answer is larger than ${messageLimits.bufferedBodyBytesMax} bytes`;
      }
      chunks.push(chunk);
    }
  } catch (error) {
    return error instanceof Error ? error.message : "The answer broke off";
  }
  return Buffer.concat(chunks, bytes);
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
