/** Part of the Driver contract: event functions (interfaces.md §1.1 to §1.4). */
import { describe, expect, it } from "vitest";
import { defaultEventSettings, type EventSettings } from "../../sdk/event-settings.ts";
import { eventLimits } from "../../sdk/limits.ts";
import { headersOf, textOf } from "./driver-fixtures.ts";
import type { RunFunction, RunOptions } from "./driver-run.ts";

const settings: EventSettings = defaultEventSettings;
const withInitializer: EventSettings = { ...settings, initializer: "index.initializer" };

interface Answer {
  readonly code: string;
  readonly text: string;
}

/** Runs the exports with an event and gives the number and the text that came of it. */
async function answer(
  run: RunFunction,
  exports: string,
  options: RunOptions & { body?: string } = {},
): Promise<Answer> {
  const { body = '{"key":"value"}', ...rest } = options;
  const { outcome } = await run(exports, {
    event: settings,
    ...rest,
    invocation: { phase: "event", method: "POST", body: { kind: "text", text: body }, ...rest.invocation },
  });
  const code = /^x-func-err-code:(\d+)$/m.exec(headersOf(outcome))?.[1] ?? "none";
  return { code, text: await textOf(outcome) };
}

const results: readonly { readonly claim: string; readonly handler: string; readonly text: string }[] = [
  {
    claim: "an object is written as JSON",
    handler: "async (event, context) => ({ got: event })",
    text: '{"got":{"key":"value"}}',
  },
  { claim: "a string stands for itself", handler: 'async (event, context) => "text"', text: "text" },
  { claim: "a number is its text", handler: "async (event, context) => 7", text: "7" },
  { claim: "null is null", handler: "async (event, context) => null", text: "null" },
  { claim: "nothing is nothing", handler: "async (event, context) => {}", text: "" },
  {
    claim: "a callback completes it",
    handler: "(event, context, callback) => { callback(null, event.key); }",
    text: "value",
  },
  {
    claim: "a callback may come later",
    handler: "(event, context, callback) => { setTimeout(() => callback(null, 'late'), 1); }",
    text: "late",
  },
  {
    claim: "the first completion wins",
    handler: "(event, context, callback) => { callback(null, 'first'); callback(new Error('second')); }",
    text: "first",
  },
];

const failures: readonly {
  readonly claim: string;
  readonly exports: string;
  readonly body?: string;
  readonly code: string;
  readonly message: string;
  readonly type: string;
}[] = [
  {
    claim: "a throw",
    exports: "{ handler(event, context) { throw new RangeError('no'); } }",
    code: "4002",
    message: "function invocation exception, error: no",
    type: "RangeError",
  },
  {
    claim: "a rejection",
    exports: "{ async handler(event, context) { throw new TypeError('no'); } }",
    code: "4002",
    message: "function invocation exception, error: no",
    type: "TypeError",
  },
  {
    claim: "an error given to the callback",
    exports: "{ handler(event, context, callback) { callback(new SyntaxError('no')); } }",
    code: "4001",
    message: "function entry exception, error: no",
    type: "SyntaxError",
  },
  {
    claim: "a text given to the callback",
    exports: "{ handler(event, context, callback) { callback('just text'); } }",
    code: "4001",
    message: "just text",
    type: "Error",
  },
  {
    claim: "a callback without arguments",
    exports: "{ handler(event, context, callback) { callback(); } }",
    code: "4001",
    message: "function entry exception, error: callback was called without arguments",
    type: "Error",
  },
  {
    claim: "an export that is missing",
    exports: "{}",
    code: "4001",
    message: "function entry exception, error: handler 'handler' not found in module './index.js'",
    type: "FunctionConfigError",
  },
  {
    claim: "too few parameters",
    exports: "{ handler(event) {} }",
    code: "4001",
    message: "function entry exception, error: handler expect to have 2 or 3 parameters, but received 1",
    type: "FunctionLoadError",
  },
  {
    claim: "an event that is not JSON",
    exports: "{ async handler(event, context) {} }",
    body: "{",
    code: "4002",
    message:
      "function invocation exception, error: the event is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    type: "SyntaxError",
  },
  {
    claim: "a circular result",
    exports: "{ async handler(event, context) { const a = {}; a.a = a; return a; } }",
    code: "4007",
    message: "function result is invalid, error: Converting circular structure to JSON",
    type: "TypeError",
  },
  {
    claim: "a result beyond the limit",
    exports: `{ async handler(event, context) { return 'x'.repeat(${eventLimits.bytesMax + 1}); } }`,
    code: "4004",
    message: `response body size ${eventLimits.bytesMax + 1} exceeds the limit of ${eventLimits.bytesMax}`,
    type: "FunctionResultError",
  },
];

export function eventFunctions(run: RunFunction): void {
  describe("event functions", () => {
    completions(run);
    contexts(run);
  });
  describe("initializers of event functions", () => {
    initializers(run);
  });
  describe("event functions that answer requests", () => {
    gateways(run);
  });
}

function completions(run: RunFunction): void {
  it.each(results)("$claim", async ({ handler, text }) => {
    expect(await answer(run, `{ handler: ${handler} }`)).toEqual({ code: "0", text });
  });

  it.each(failures)("$claim is told with its number", async ({ exports, body, code, message, type }) => {
    const told = await answer(run, exports, body === undefined ? {} : { body });
    const error = JSON.parse(told.text) as { errorMessage: string; errorType: string };
    expect({ code: told.code, message: error.errorMessage, type: error.errorType }).toEqual({ code, message, type });
    expect(told.text).toContain('\n    "errorMessage"');
  });

  it("only what the author's code threw has a stack", async () => {
    const thrown = await answer(run, "{ handler(event, context) { throw new Error('no'); } }");
    const { stackTrace } = JSON.parse(thrown.text) as { stackTrace: string[] };
    expect(stackTrace[0]).toMatch(/^at .*function\.js/);
    expect((await answer(run, "{}")).text).not.toContain("stackTrace");
  });

  it("a result at the limit is answered", async () => {
    const { code, text } = await answer(
      run,
      `{ async handler(event, context) { return 'x'.repeat(${eventLimits.bytesMax}); } }`,
    );
    expect([code, text.length]).toEqual(["0", eventLimits.bytesMax]);
  });

  it("parameters are not counted where the version says so", async () => {
    const options = { event: { ...settings, parameters: "any" } as const };
    expect(await answer(run, "{ handler: async (...all) => all.length }", options)).toEqual({ code: "0", text: "3" });
  });

  it("a handler that neither returns a promise nor calls back never completes", async () => {
    const { outcome } = await run("{ handler(event, context) { return 1; } }", {
      event: settings,
      invocation: { phase: "event", method: "POST" },
    });
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_NEVER_SETTLED" });
  });
}

function contexts(run: RunFunction): void {
  it("the context says who calls and what the function has", async () => {
    const { text } = await answer(
      run,
      `{ async handler(event, context) { return [
          context.getRequestID(), context.requestID, context.getFunctionName(), context.getVersion(), context.getAlias(),
          context.getMemorySize(), context.getRunningTimeInSeconds(), context.getUserData("A"), context.getUserData("toString") ?? "none",
          context.getAccessKey(), context.getToken(), context.getRemainingTimeInMilliSeconds() > 0, typeof process.env.A,
        ]; } }`,
      {
        environment: { A: "a" },
        limits: { memoryMiB: 64, eventWallMs: 20_000 },
        invocation: { headers: "x-cff-alias:blue\n" },
      },
    );
    const names = ["request-1", "request-1", "f", "v1", "blue"];
    expect(JSON.parse(text)).toEqual([...names, "64", 20_000, "a", "none", "", "", true, "string"]);
  });

  it("lines of the logger are printf-like and have levels", async () => {
    const { logs } = await run(
      `{ async handler(event, context) {
          const logger = context.getLogger();
          logger.debug("dropped"); logger.info("a %s %d", "b", 3); logger.warn("w");
          logger.setLevel("DEBUG"); logger.debug("kept"); logger.setLevel("ERROR"); logger.warn("dropped"); logger.error("e");
          console.log("console");
        } }`,
      { event: settings, invocation: { phase: "event", method: "POST" } },
    );
    expect(logs).toEqual(["info a b 3", "warn w", "debug kept", "error e", "info console"]);
  });
}

function initializers(run: RunFunction): void {
  it("run before the first event", async () => {
    const exports = `{ at: [], initializer(context, callback) { setTimeout(() => { this.at.push("ready"); callback(null); }, 1); },
        async handler(event, context) { return this.at; } }`;
    expect(await answer(run, exports, { event: withInitializer })).toEqual({ code: "0", text: '["ready"]' });
  });

  it.each([
    ["throws", "initializer(context, callback) { throw new TypeError('no'); }", "4009", "no"],
    ["calls back with an error", "initializer(context, callback) { callback(new Error('no')); }", "4009", "no"],
    [
      "declares other parameters",
      "initializer(context) {}",
      "4009",
      "handler expect to have 2 parameters, but received 1",
    ],
    ["is missing", "", "4009", "handler 'initializer' not found in module './index.js'"],
  ])("one that %s fails the event", async (_what, initializer, code, reason) => {
    const told = await answer(run, `{ async handler(event, context) {}, ${initializer} }`, {
      event: withInitializer,
    });
    expect(told.code).toBe(code);
    expect(JSON.parse(told.text)).toMatchObject({
      errorMessage: `function initialization exception, error: ${reason}`,
    });
  });

  it("one that takes too long is given up, and its time is not the handler's", async () => {
    const limits = { initializerWallMs: 1_000, eventWallMs: 60_000 };
    const waiting =
      "{ async handler(event, context) {}, initializer(context, callback) { setTimeout(() => callback(null), 60_000); } }";
    expect((await answer(run, waiting, { event: withInitializer, limits })).code).toBe("4211");
    const slow =
      "{ async handler(event, context) { return 'in time'; }, initializer(context, callback) { setTimeout(() => callback(null), 2_000); } }";
    const brief = { initializerWallMs: 60_000, eventWallMs: 1_500 };
    expect(await answer(run, slow, { event: withInitializer, limits: brief })).toEqual({
      code: "0",
      text: "in time",
    });
  });
}

function gateways(run: RunFunction): void {
  const echo = `{ async handler(event, context) { return { statusCode: 201, headers: { "x-kind": "made", "set-cookie": ["a=1", "b=2"] },
      body: JSON.stringify(event), isBase64Encoded: false }; } }`;

  it("get a gateway's event and give a gateway's answer", async () => {
    const { outcome } = await run(echo, {
      event: settings,
      invocation: {
        method: "POST",
        url: "https://example.com/a/b?x=1&y=2&y=3",
        headers: "host:example.com\nx-a:b\n",
        body: { kind: "text", text: "hi" },
        clientIp: "203.0.113.9",
      },
    });
    expect(outcome).toMatchObject({ kind: "response", status: 201 });
    expect(headersOf(outcome)).toContain("x-kind:made\nset-cookie:a=1\nset-cookie:b=2\n");
    expect(JSON.parse(await textOf(outcome))).toEqual({
      body: "aGk=",
      requestContext: { apiId: "f", requestId: "request-1", stage: "RELEASE" },
      queryStringParameters: { x: "1", y: ["2", "3"] },
      httpMethod: "POST",
      pathParameters: {},
      headers: {
        host: "example.com",
        "x-a": "b",
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-host": "example.com",
        "x-forwarded-proto": "https",
        "x-real-ip": "203.0.113.9",
        "x-request-id": "request-1",
      },
      path: "/a/b",
      isBase64Encoded: true,
    });
  });

  it("a body in Base64 is decoded", async () => {
    const exports =
      '{ async handler(event, context) { return { statusCode: 200, body: "aGk=", isBase64Encoded: true }; } }';
    expect(await textOf((await run(exports, { event: settings })).outcome)).toBe("hi");
  });

  it.each([
    ["no object", "7", "is no object"],
    ["no status", "{ body: '' }", "has no statusCode of 200 to 599"],
    ["a status beyond", "{ statusCode: 600 }", "has no statusCode of 200 to 599"],
    ["a body that is no text", "{ statusCode: 200, body: {} }", "has a body that is no string"],
  ])("a result with %s fails", async (_what, result, message) => {
    const { outcome } = await run(`{ handler: async (event, context) => (${result}) }`, { event: settings });
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_THREW" });
    expect(outcome.kind === "failed" && outcome.message).toContain(`Cannot answer: the result ${message}`);
  });

  it("a throw fails with the author's stack", async () => {
    const { outcome } = await run("{ async handler(event, context) { throw new RangeError('no'); } }", {
      event: settings,
    });
    expect(outcome).toMatchObject({ kind: "failed", code: "FUNCTION_THREW" });
    expect(outcome.kind === "failed" && outcome.stack).toContain("function.js");
  });
}
