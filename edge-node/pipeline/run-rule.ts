/**
 * Runs one rule's function on the message as it stands, and turns the driver's outcome into what the pipeline does next.
 *
 * Knows phases only as far as their messages differ. Invariants: nothing a function returns is used before it was checked; `onError: continue`
 * goes on only with a message that is still whole.
 */
import { emptyBody, type Body } from "../../runtime/body.ts";
import type { Invocation, Outcome, OutcomeBody } from "../../runtime/driver.ts";
import type { ErrorCode } from "../../sdk/error-code.ts";
import { deleteHeader } from "../../sdk/header-text.ts";
import { messageLimits } from "../../sdk/limits.ts";
import type { RoutedRule } from "../routing/routing.ts";
import { cacheWord } from "./cache-note.ts";
import type { Exchange, RequestMessage, ResponseMessage } from "./exchange.ts";
import { logFailure } from "./function-failure.ts";
import type { Caller } from "./caller.ts";
import { FunctionHost } from "./function-host.ts";
import { isHeaderText } from "./header-grammar.ts";
import { LentBody } from "./lent-body.ts";
import type { EndedInvocation } from "./pipeline-metrics.ts";
import type { Services } from "./services.ts";
import { mayUpgrade, type SocketAnswer } from "./upgrade.ts";
import { parseWireUrl } from "./wire-url.ts";

/** The message a function works on: a request, or in response phases a response with its request beside it. */
export interface RuleInput {
  readonly request: RequestMessage;
  readonly response: ResponseMessage | null;
}

export type RuleResult =
  | { readonly kind: "continue"; readonly input: RuleInput }
  | { readonly kind: "request"; readonly request: RequestMessage }
  | { readonly kind: "response"; readonly response: ResponseMessage }
  /** Request phases of an upgrade only: the function goes on by WebSocket. */
  | ({ readonly kind: "upgrade" } & SocketAnswer)
  | { readonly kind: "failed"; readonly code: ErrorCode }
  /** It failed, and the rule or the function said to go on without it. */
  | { readonly kind: "skipped"; readonly code: ErrorCode; readonly input: RuleInput };

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Runs `rule` on `input`. Never throws. */
export async function runRule(
  services: Services,
  exchange: Exchange,
  call: { readonly rule: RoutedRule; readonly input: RuleInput },
): Promise<RuleResult> {
  const { rule, input } = call;
  const started = services.clock.monotonicMs();
  const body = input.response === null ? input.request.body : input.response.body;
  const lent = body.kind === "stream" ? new LentBody(body) : null;
  const outcome = rule.key === null ? unavailable(rule) : await invoke(services, exchange, { rule, input, lent });
  if (rule.key !== null) exchange.running(null);
  const accepting = accept(outcome, { exchange, input, lent });
  // Most have nothing to wait for, and to wait for nothing costs as much as to judge the outcome.
  const result = accepting instanceof Promise ? await accepting : accepting;
  const durationMs = services.clock.monotonicMs() - started;
  services.metrics.countInvocation(rule, endedAs(result, durationMs));
  if (result.kind !== "failed") return result;
  logOutcome({ services, exchange, rule }, { outcome, code: result.code });
  const passThrough = outcome.kind === "failed" && outcome.passThrough;
  if ((rule.onError === "continue" || passThrough) && !exchange.aborted && lent?.touched !== true) {
    return { kind: "skipped", code: result.code, input: withBody(input, lent) };
  }
  await lent?.discard();
  return result;
}

function endedAs(result: Accepted, durationMs: number): EndedInvocation {
  if (result.kind === "failed") return { result: result.code, durationMs };
  return { result: result.kind, status: result.kind === "response" ? result.response.status : undefined, durationMs };
}

interface Call {
  readonly rule: RoutedRule;
  readonly input: RuleInput;
  readonly lent: LentBody | null;
}

function invoke(services: Services, exchange: Exchange, { rule, input, lent }: Call): Promise<Outcome> {
  const { request, response } = input;
  const isResponse = response !== null;
  const invocation: Invocation = {
    key: rule.key ?? "",
    phase: rule.phase,
    requestId: exchange.requestId,
    method: request.method,
    url: request.url.href,
    // A field of the connection, and yet what tells functions that the client asks for a WebSocket.
    headers: exchange.socketProtocols === null ? request.headers : `upgrade:websocket\n${request.headers}`,
    body: isResponse ? emptyBody : (lent?.body ?? request.body),
    response: isResponse
      ? { status: response.status, headers: response.headers, body: lent?.body ?? response.body }
      : null,
    clientIp: exchange.clientIp,
    tls: exchange.tls,
    domain: exchange.domain?.config.domain ?? "",
    rulePriority: rule.priority,
    cacheStatus: rule.phase === "clientResponse" ? cacheWord(exchange.cacheNote) : "",
  };
  const running = services.driver.invoke(invocation, new FunctionHost(callerOf({ services, exchange, rule })));
  exchange.running(running);
  return running.outcome;
}

function unavailable(rule: RoutedRule): Outcome {
  const message = `${rule.function}@${rule.version} is not loaded on this node`;
  return { kind: "failed", code: "FUNCTION_UNAVAILABLE", message, stack: "", passThrough: false };
}

type Accepted = Exclude<RuleResult, { kind: "skipped" }>;

function accept(
  outcome: Outcome,
  given: { readonly exchange: Exchange; readonly input: RuleInput; readonly lent: LentBody | null },
): Accepted | Promise<Accepted> {
  const { exchange, input, lent } = given;
  switch (outcome.kind) {
    case "failed":
      exchange.retryAfterSeconds = outcome.retryAfterSeconds ?? 1;
      return { kind: "failed", code: outcome.code };
    case "continue":
      if (lent?.touched === true) return { kind: "failed", code: "FUNCTION_RESULT_INVALID" };
      return { kind: "continue", input: withBody(input, lent) };
    case "request": {
      const problem = input.response === null ? headerProblem(outcome.headers) : "FUNCTION_RESULT_INVALID";
      if (problem !== null) return { kind: "failed", code: problem };
      const url = outcome.url === input.request.url.href ? input.request.url : parseWireUrl(outcome.url);
      if (url === null || !METHOD.test(outcome.method)) return { kind: "failed", code: "FUNCTION_RESULT_INVALID" };
      const { method } = outcome;
      const headers = exchange.socketProtocols === null ? outcome.headers : deleteHeader(outcome.headers, "upgrade");
      return withTaken(takeBody(outcome.body, { own: input.request.body, lent }), (body) => ({
        kind: "request",
        request: { method, url, headers, body },
      }));
    }
    case "upgrade": {
      const allowed = input.response === null && mayUpgrade(exchange, outcome.headers);
      const problem = allowed ? headerProblem(outcome.headers) : "FUNCTION_RESULT_INVALID";
      if (problem !== null) outcome.socket.close({ code: 1006, reason: "", wasClean: false });
      if (problem !== null) return { kind: "failed", code: problem };
      return lent === null ? outcome : lent.discard().then(() => outcome);
    }
    default: {
      const problem = isStatus(outcome.status) ? headerProblem(outcome.headers) : "FUNCTION_RESULT_INVALID";
      if (problem !== null) return { kind: "failed", code: problem };
      const own = input.response === null ? input.request.body : input.response.body;
      const { status, headers } = outcome;
      return withTaken(takeBody(outcome.body, { own, lent }), (body) => ({
        kind: "response",
        response: { status, headers, body },
      }));
    }
  }
}

/** What is accepted with the body that was taken, as soon as it is there. */
function withTaken(
  taken: Body | null | Promise<Body>,
  accepted: (body: Body) => Accepted,
): Accepted | Promise<Accepted> {
  if (taken instanceof Promise) return taken.then(accepted);
  return taken === null ? { kind: "failed", code: "FUNCTION_RESULT_INVALID" } : accepted(taken);
}

/** The outcome's body; null when it says `same` about a body that was read. */
function takeBody(
  body: OutcomeBody,
  { own, lent }: { readonly own: Body; readonly lent: LentBody | null },
): Body | null | Promise<Body> {
  if (body.kind === "same") {
    if (lent === null) return own;
    return lent.touched ? null : lent.takeBack();
  }
  if (lent === null) return body;
  const letGo = body.kind === "stream" ? lent.give() : lent.discard();
  return letGo.then(() => body);
}

function withBody(input: RuleInput, lent: LentBody | null): RuleInput {
  if (lent === null) return input;
  const body = lent.takeBack();
  return input.response === null
    ? { request: { ...input.request, body }, response: null }
    : { request: input.request, response: { ...input.response, body } };
}

function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 599;
}

function headerProblem(headers: string): ErrorCode | null {
  if (headers.length > messageLimits.headerBytesMax) return "FUNCTION_HEADERS_TOO_LARGE";
  return isHeaderText(headers) ? null : "FUNCTION_RESULT_INVALID";
}

function callerOf({ services, exchange, rule }: Running): Caller {
  return {
    services,
    requestId: exchange.requestId,
    function: rule.function,
    version: rule.version,
    egress: rule.egress,
    phase: rule.phase,
    clientIp: exchange.clientIp,
    tls: exchange.tls,
    domain: exchange.domain?.config.domain ?? "",
    cdnLoop: exchange.cdnLoop,
    depth: 0,
    budget: exchange,
    asking: exchange,
    onLog: services.onLog,
  };
}

interface Running {
  readonly services: Services;
  readonly exchange: Exchange;
  readonly rule: RoutedRule;
}

function logOutcome(
  running: Running,
  { outcome, code }: { readonly outcome: Outcome; readonly code: ErrorCode },
): void {
  const message = outcome.kind === "failed" ? outcome.message : "The function returned what the pipeline cannot use";
  const stack = outcome.kind === "failed" ? outcome.stack : "";
  logFailure(callerOf(running), { key: running.rule.key, code, message, stack });
}
