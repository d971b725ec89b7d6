/** What tests of drivers are made of: versions, invocations, hosts, bodies. */
import type { Body } from "../../runtime/body.ts";
import {
  SubrequestError,
  type Invocation,
  type InvocationHost,
  type Outcome,
  type OutcomeBody,
  type RunnableVersion,
} from "../../runtime/driver.ts";
import { defaultFunctionLimits, type FunctionLimits } from "../../sdk/limits.ts";
import { hooks } from "../../sdk/phase.ts";

let nextKey = 1;

/** A busy machine's time counts as an isolate's, so a test that is not about this limit has more than the default; a loop still ends soon. */
const CPU_MS = 2_000;

/** A version from a module written as the expression of its default export. */
export function versionOf(
  module: string,
  limits: Partial<FunctionLimits>,
  environment: Readonly<Record<string, string>> = {},
): RunnableVersion {
  return {
    key: `key-${nextKey++}`,
    function: "f",
    version: "v1",
    hooks,
    limits: { ...defaultFunctionLimits, cpuMs: CPU_MS, ...limits },
    isolation: "shared",
    allowEval: false,
    event: null,
    environment,
    services: {},
    code: `var __selvageModule = { default: ${module} };`,
    snapshot: null,
    wasm: [],
  };
}

/** A GET of http://example.com/ in the fetch phase, changed by `changes`. */
export function invocationOf(key: string, changes: Partial<Invocation>): Invocation {
  return {
    key,
    phase: "fetch",
    requestId: "request-1",
    method: "GET",
    url: "http://example.com/",
    headers: "host:example.com\n",
    body: { kind: "empty" },
    response: null,
    clientIp: "127.0.0.1",
    domain: "example.com",
    rulePriority: 7,
    cacheStatus: "",
    ...changes,
  };
}

/** A host without a network. */
export function quietHost(logs: string[]): InvocationHost {
  return {
    fetch: () => Promise.reject(new SubrequestError("EGRESS_DENIED", "no network in this test")),
    connect: () => Promise.reject(new SubrequestError("EGRESS_DENIED", "no network in this test")),
    log: (level, message) => {
      logs.push(`${level} ${message}`);
    },
  };
}

/** The whole body of an outcome, as text. */
export async function textOf(outcome: Outcome): Promise<string> {
  return new TextDecoder().decode(await bytesOf(outcome));
}

/** The whole body of an outcome. */
export async function bytesOf(outcome: Outcome): Promise<Uint8Array> {
  if (outcome.kind !== "request" && outcome.kind !== "response") throw new Error(JSON.stringify(outcome));
  return collect(outcome.body);
}

/** The header block of a request or response outcome. */
export function headersOf(outcome: Outcome): string {
  return outcome.kind === "request" || outcome.kind === "response" ? outcome.headers : "";
}

async function collect(body: OutcomeBody): Promise<Uint8Array> {
  switch (body.kind) {
    case "text":
      return new TextEncoder().encode(body.text);
    case "bytes":
      return body.bytes;
    case "stream": {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body.chunks) chunks.push(chunk);
      return Buffer.concat(chunks);
    }
    case "empty":
    case "same":
      return new Uint8Array(0);
  }
}

/** A stream that yields the parts one after the other. */
export function streamOf(parts: readonly string[]): Body {
  return {
    kind: "stream",
    lengthBytes: undefined,
    chunks: {
      async *[Symbol.asyncIterator]() {
        for (const part of parts) {
          await Promise.resolve();
          yield new TextEncoder().encode(part);
        }
      },
    },
  };
}

/** A stream that breaks off after three bytes. */
export function brokenStream(): Body {
  return {
    kind: "stream",
    lengthBytes: undefined,
    chunks: {
      async *[Symbol.asyncIterator]() {
        yield new Uint8Array(3);
        await Promise.resolve();
        throw new Error("gone");
      },
    },
  };
}
