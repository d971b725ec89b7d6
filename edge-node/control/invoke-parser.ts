/**
 * What the control plane asks a node to run, and to explain: requests and events, one or many, as typed values.
 *
 * Pure. The sender is authenticated but may be newer or broken. Invariant: of many calls each is taken or refused for itself, so that one that does
 * not parse keeps no other from running; refused ones are the sender's to miss.
 */
import type { CallMessage, CallsMessage } from "../../sdk/calls.ts";
import type { InvokeMessage, InvokeRequest } from "../../sdk/desired-state.ts";
import type { ExplainMessage } from "../../sdk/explain.ts";
import { FieldReader, parsedUnless } from "../../sdk/field-reader.ts";
import { latestVersion, refuseAliasName, refuseFunctionName } from "../../sdk/function-name.ts";
import { isHeaderName, isHeaderValue } from "../../sdk/header-text.ts";
import { callLimits } from "../../sdk/call-limits.ts";
import { messageLimits } from "../../sdk/limits.ts";
import { calledHooks, type CalledHook } from "../../sdk/phase.ts";
import type { Parsed, Problem } from "../../sdk/problem.ts";

export function parseInvoke(fields: FieldReader, problems: Problem[]): Parsed<InvokeMessage> {
  const message: InvokeMessage = {
    kind: "invoke",
    id: fields.string("id", { check: refuseId }),
    function: fields.string("function", { check: refuseFunctionName }),
    qualifier: fields.string("qualifier", { check: refuseQualifier }),
    phase: fields.choice("phase", { values: calledHooks as [CalledHook, ...CalledHook[]] }),
    request: readRequest(fields.object("request")),
  };
  return parsedUnless(problems, message);
}

/** Calls that parse; the others are left out. */
export function parseCalls(fields: FieldReader, problems: Problem[]): Parsed<CallsMessage> {
  const items = fields.items("calls", { itemsMax: callLimits.batchMax });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: { kind: "calls", calls: items.flatMap(({ path, input }) => readCall(path, input) ?? []) } };
}

function readCall(path: string, input: unknown): CallMessage | null {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path, problems });
  const call: CallMessage = {
    id: fields.string("id", { check: refuseId }),
    function: fields.string("function", { check: refuseFunctionName }),
    qualifier: fields.string("qualifier", { check: refuseQualifier }),
    request: readRequest(fields.object("request")),
    timeoutMs: fields.integer("timeoutMs", { min: 1, max: 2 ** 31 - 1 }),
  };
  return problems.length === 0 ? call : null;
}

function readRequest(request: FieldReader): InvokeRequest {
  const body = request.raw("body") ?? null;
  if (body !== null && (typeof body !== "string" || body.length > messageLimits.bufferedBodyBytesMax * 2)) {
    request.report("body", "is neither null nor base64 within the limit");
  }
  return {
    method: request.string("method", { check: (text) => (isHeaderName(text) ? null : "an HTTP method") }),
    url: request.string("url", { check: refuseUrl }),
    headers: readHeaders(request),
    body: typeof body === "string" ? body : null,
  };
}

export function parseExplain(fields: FieldReader, problems: Problem[]): Parsed<ExplainMessage> {
  const message: ExplainMessage = {
    kind: "explain",
    id: fields.string("id", { check: refuseId }),
    url: fields.string("url", { check: refuseUrl }),
    method: fields.string("method", { check: (text) => (isHeaderName(text) ? null : "an HTTP method") }),
    headers: readHeaders(fields),
    clientIp: fields.string("clientIp", { check: (text) => (text.length <= 64 ? null : "at most 64 characters") }),
    run: fields.boolean("run", {}),
  };
  return parsedUnless(problems, message);
}

function refuseId(text: string): string | null {
  return /^[\x21-\x7e]{1,128}$/.test(text) ? null : "1..128 characters";
}

function refuseQualifier(text: string): string | null {
  return text === latestVersion || refuseAliasName(text) === null ? null : "a version, an alias or latest";
}

function refuseUrl(text: string): string | null {
  const isUrl = text.length <= messageLimits.urlBytesMax && URL.canParse(text) && /^https?:/i.test(text);
  return isUrl ? null : "an absolute http or https URL";
}

function readHeaders(request: FieldReader): readonly (readonly [string, string])[] {
  const headers: [string, string][] = [];
  for (const { path, input } of request.items("headers", { itemsMax: messageLimits.headerLinesMax })) {
    const [name, value] = Array.isArray(input) ? (input as unknown[]) : [];
    if (typeof name === "string" && typeof value === "string" && isHeaderName(name) && isHeaderValue(value)) {
      headers.push([name, value]);
    } else {
      request.report("headers", `${path} is not a pair of a header name and a value`);
    }
  }
  return headers;
}
