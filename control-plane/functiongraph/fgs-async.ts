/** Asynchronous invocations as clients of FunctionGraph see them: accepted, listed, cancelled, and how they are treated (interfaces.md §3.5). */
import { latestVersion } from "../../sdk/function-name.ts";
import { callStates } from "../../sdk/calls.ts";
import type { AsyncConfig, AsyncConfigResource, CallDestination, CallResource, CallState } from "../../sdk/calls.ts";
import type { AuditTrail } from "../audit/audit-trail.ts";
import type { AsyncConfigService } from "../calls/async-config-service.ts";
import type { CallService } from "../calls/call-service.ts";
import { ControlError } from "../control-error.ts";
import { FgsError } from "./fgs-error.ts";
import type { FgsFunctionService } from "./fgs-function-service.ts";
import { fgsTime } from "./fgs-resources.ts";
import { invalid, type Body } from "./function-settings.ts";
import { formatUrn, parseUrn, type FunctionUrn } from "./urn.ts";

export interface FgsAsyncOptions {
  readonly functions: Pick<FgsFunctionService, "find">;
  readonly calls: Pick<CallService, "accept" | "list" | "get" | "cancel">;
  readonly configs: Pick<AsyncConfigService, "list" | "get" | "set" | "delete">;
  readonly uniqueId: () => string;
  readonly trail: Pick<AuditTrail, "name">;
}

/** Of the system being implemented, for each of ours. */
const stateNames: Readonly<Record<CallState, string>> = {
  wait: "WAIT",
  running: "RUNNING",
  finish: "SUCCESS",
  fail: "FAIL",
  timeout: "FAIL",
  discard: "DISCARD",
  cancel: "CANCEL",
};
const statesOf: ReadonlyMap<string, readonly CallState[]> = Map.groupBy(callStates, (state) => stateNames[state]);

export class FgsAsync {
  readonly #options: FgsAsyncOptions;

  constructor(options: FgsAsyncOptions) {
    this.#options = options;
  }

  /** Durable once resolved. `event`: the body as it came. */
  async invoke(urn: FunctionUrn, event: string): Promise<object> {
    await this.#options.functions.find(urn);
    let parsed: unknown;
    try {
      parsed = event === "" ? {} : JSON.parse(event);
    } catch {
      throw new FgsError("FSS.0400", "body: allowed: JSON");
    }
    const input = { event: parsed, qualifier: urn.qualifier?.name ?? latestVersion };
    const requestId = this.#options.uniqueId();
    await this.#options.calls.accept(input, { requestId, functionName: urn.name });
    return { request_id: requestId };
  }

  async list(urn: FunctionUrn, query: Readonly<Record<string, string | undefined>>): Promise<object> {
    await this.#options.functions.find({ ...urn, qualifier: null });
    const { request_id: requestId, status = "", marker = "0", limit = "100" } = query;
    const states = statesOf.get(status);
    if (status !== "" && states === undefined) {
      throw invalid("FSS.0400", "status", { received: status, allowed: [...statesOf.keys()].join(", ") });
    }
    if (requestId !== undefined && requestId !== "") {
      const call = await this.#options.calls.get(requestId);
      if (call.function !== urn.name) throw new FgsError("FSS.0404", "Not found the invocation");
      return { invocations: [invocationResource(call)], next_marker: "0", count: 1 };
    }
    const cursor = marker === "0" || marker === "" ? undefined : marker;
    const asked = { function: urn.name, states, limit: Math.min(1_000, Math.max(1, Number(limit) || 100)), cursor };
    const { calls, next } = await this.#options.calls.list(asked);
    return { invocations: calls.map(invocationResource), next_marker: next ?? "0", count: calls.length };
  }

  async cancel(urn: FunctionUrn, body: Body): Promise<void> {
    await this.#options.functions.find({ ...urn, qualifier: null });
    const requestId = body["request_id"];
    if (typeof requestId !== "string")
      throw invalid("FSS.0400", "request_id", { received: requestId, allowed: "a text" });
    const call = await this.#options.calls.get(requestId);
    if (call.function !== urn.name) throw new FgsError("FSS.0404", "Not found the invocation");
    this.#options.trail.name(`call/${requestId}`);
    await this.#options.calls.cancel(requestId);
  }

  async config(urn: FunctionUrn): Promise<object> {
    await this.#options.functions.find(urn);
    const config = await this.#options.configs.get(nameOf(urn));
    return configResource(urn, config);
  }

  async listConfigs(urn: FunctionUrn): Promise<object> {
    await this.#options.functions.find({ ...urn, qualifier: null });
    const configs = await this.#options.configs.list(urn.name);
    const shown = configs.map((config) => configResource(urn, config));
    return { async_invoke_configs: shown, count: shown.length, page_info: { next_marker: shown.length } };
  }

  async setConfig(urn: FunctionUrn, body: Body): Promise<object> {
    await this.#options.functions.find(urn);
    const destinations = (body["destination_config"] ?? {}) as Body;
    const config: Partial<AsyncConfig> = {
      ...numberOf(body, { from: "max_async_retry_attempts", to: "retries" }),
      ...numberOf(body, { from: "max_async_event_age_in_seconds", to: "maxAgeSeconds" }),
      onSuccess: readDestination(destinations, "on_success"),
      onFailure: readDestination(destinations, "on_failure"),
    };
    const set = await this.#options.configs.set(nameOf(urn), config);
    return configResource(urn, set);
  }

  async deleteConfig(urn: FunctionUrn): Promise<void> {
    await this.#options.functions.find(urn);
    try {
      await this.#options.configs.delete(nameOf(urn));
    } catch (error) {
      if (!(error instanceof ControlError && error.code === "NOT_FOUND")) throw error;
    }
  }
}

function nameOf({ name, qualifier }: FunctionUrn): {
  readonly functionName: string;
  readonly qualifier: string | null;
} {
  return { functionName: name, qualifier: qualifier === null ? latestVersion : qualifier.name };
}

function invocationResource(call: CallResource): object {
  return {
    request_id: call.requestId,
    status: stateNames[call.state],
    error_code: call.errorCode === "" ? 0 : call.errorCode,
    error_message: call.errorMessage,
    start_time: call.startedAt === null ? "" : fgsTime(call.startedAt),
    end_time: call.endedAt === null ? "" : fgsTime(call.endedAt),
  };
}

function configResource(urn: FunctionUrn, config: AsyncConfigResource): object {
  const { maxAgeSeconds, onFailure, onSuccess, qualifier, retries, updatedAt } = config;
  const named = qualifier === null ? null : ({ kind: "version", name: qualifier } as const);
  return {
    func_urn: formatUrn({ ...urn, qualifier: urn.qualifier?.name === qualifier ? urn.qualifier : named }),
    max_async_event_age_in_seconds: maxAgeSeconds,
    max_async_retry_attempts: retries,
    destination_config: {
      ...(onSuccess === null ? {} : { on_success: destinationResource(urn, onSuccess) }),
      ...(onFailure === null ? {} : { on_failure: destinationResource(urn, onFailure) }),
    },
    created_time: fgsTime(updatedAt),
    last_modified: fgsTime(updatedAt),
    enable_async_status_log: true,
  };
}

/** FunctionGraph, and beside it ours: HTTP and QUEUE. */
function destinationResource(urn: FunctionUrn, destination: CallDestination): object {
  switch (destination.kind) {
    case "function": {
      const qualifier = { kind: "version", name: destination.qualifier } as const;
      const target = formatUrn({ ...urn, name: destination.function, qualifier });
      return { destination: "FunctionGraph", param: JSON.stringify({ func_urn: target }) };
    }
    case "http":
      return { destination: "HTTP", param: JSON.stringify({ url: destination.url }) };
    case "queue":
      return { destination: "QUEUE", param: JSON.stringify({ queue: destination.queue }) };
  }
}

function readDestination(destinations: Body, key: "on_success" | "on_failure"): CallDestination | null {
  const given = destinations[key];
  if (given === undefined || given === null) return null;
  const { destination, param } = given as Body;
  const path = `destination_config.${key}`;
  const parameters = readParam(param, path);
  switch (destination) {
    case "FunctionGraph": {
      const target = parseUrn(String(parameters["func_urn"]));
      if (target === null)
        throw invalid("FSS.1309", `${path}.param`, { received: param, allowed: '{"func_urn": "urn:fss:…"}' });
      return { kind: "function", function: target.name, qualifier: target.qualifier?.name ?? latestVersion };
    }
    case "HTTP":
      return { kind: "http", url: String(parameters["url"]) };
    case "QUEUE":
      return { kind: "queue", queue: String(parameters["queue"]) };
    default:
      throw invalid("FSS.0400", `${path}.destination`, {
        received: destination,
        allowed: "FunctionGraph, HTTP, QUEUE",
      });
  }
}

function readParam(param: unknown, path: string): Body {
  try {
    const parsed = typeof param === "string" ? (JSON.parse(param) as unknown) : null;
    if (typeof parsed === "object" && parsed !== null) return parsed as Body;
  } catch {
    // Answered below.
  }
  throw invalid("FSS.0400", `${path}.param`, { received: param, allowed: "the text of a JSON object" });
}

function numberOf(body: Body, { from, to }: { readonly from: string; readonly to: string }): object {
  const value = body[from];
  if (value === undefined || value === null) return {};
  if (typeof value === "number") return { [to]: value };
  throw invalid("FSS.0400", from, { received: value, allowed: "a number" });
}
