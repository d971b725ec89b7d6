import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../runtime/driver.ts";
import { ask, errorCode } from "../support/client.ts";
import { failedOutcome, textOutcome, type FunctionBody } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();

describe("onError:", () => {
  const failing: Record<string, FunctionBody> = {
    fails: () => failedOutcome("FUNCTION_CPU_LIMIT", "too slow", { stack: "at x.js:1:1" }),
    throws: () => {
      throw new Error("secret detail");
    },
    passes: () => failedOutcome("FUNCTION_THREW", "", { passThrough: true }),
    rest: () => textOutcome("rest"),
  };

  it.each([
    ["fail", "fails", 503, "FUNCTION_CPU_LIMIT"],
    ["fail", "throws", 500, "FUNCTION_THREW"],
    ["fail", "missing", 503, "FUNCTION_UNAVAILABLE"],
  ] as const)(
    "%s: when a clientRequest function %s the client gets %i %s and no detail",
    async (onError, name, status, code) => {
      const { port, logs } = await edge({
        functions: failing,
        rules: [
          { phase: "clientRequest", function: name, onError },
          { phase: "fetch", function: "rest" },
        ],
      });
      const answer = await ask(port, "/");
      expect([answer.status, errorCode(answer)]).toEqual([status, code]);
      expect(answer.text).not.toMatch(/secret|x\.js/);
      expect(logs).toMatchObject([
        { kind: "error", level: "error", function: name, code, requestId: answer.headers["x-request-id"] },
      ]);
    },
  );

  it.each(["fails", "throws", "missing"])(
    "continue: the request goes on unchanged when a function %s",
    async (name) => {
      const { port, logs } = await edge({
        functions: failing,
        rules: [
          { phase: "clientRequest", function: name, onError: "continue" },
          { phase: "fetch", function: "rest" },
        ],
      });
      expect((await ask(port, "/")).text).toBe("rest");
      expect(logs).toHaveLength(1);
    },
  );

  it("passThroughOnException goes on although the rule says fail; an HTTP function leaves the request to the origin", async () => {
    const source = await origin((_request, response) => response.end("origin"));
    const { port } = await edge({
      origins: [source.port],
      functions: failing,
      rules: [{ phase: "fetch", function: "passes" }],
    });
    expect((await ask(port, "/")).text).toBe("origin");
  });

  it("a body that nobody read goes on whole after a failure, a body that was read makes the request fail", async () => {
    const source = await origin((request, response) => {
      void request.toArray().then((chunks) => response.end(Buffer.concat(chunks as Buffer[])));
    });
    const functions: Record<string, FunctionBody> = {
      ignores: ({ body }) => {
        if (body.kind === "stream") void body.chunks[Symbol.asyncIterator]().return?.();
        return failedOutcome("FUNCTION_THREW");
      },
      reads: async ({ body }) => {
        if (body.kind === "stream") await body.chunks[Symbol.asyncIterator]().next();
        return failedOutcome("FUNCTION_THREW");
      },
    };
    const started = await edge({
      origins: [source.port],
      functions,
      rules: [{ phase: "clientRequest", function: "ignores", onError: "continue" }],
    });
    expect((await ask(started.port, "/", { method: "POST", body: "whole" })).text).toBe("whole");
    started.route({
      origins: [source.port],
      functions,
      rules: [{ phase: "clientRequest", function: "reads", onError: "continue" }],
    });
    expect(errorCode(await ask(started.port, "/", { method: "POST", body: "whole" }))).toBe("FUNCTION_THREW");
  });

  it.each<[string, Outcome]>([
    ["a status that is none", { kind: "response", status: 99, headers: "", body: { kind: "empty" } }],
    ["a header that is two", textOutcome("", { headers: "a:b\r\nx:y\n" })],
    ["a header name that is none", textOutcome("", { headers: "a b:c\n" })],
    ["a line without a colon", textOutcome("", { headers: "nonsense\n" })],
    ["a URL that is none", { kind: "request", method: "GET", url: "nonsense", headers: "", body: { kind: "same" } }],
    [
      "another scheme",
      { kind: "request", method: "GET", url: "file:///etc/passwd", headers: "", body: { kind: "same" } },
    ],
    [
      "a method that is none",
      { kind: "request", method: "GET /", url: "http://site.test/", headers: "", body: { kind: "same" } },
    ],
  ])("%s from a function is FUNCTION_RESULT_INVALID", async (_case, outcome) => {
    const { port } = await edge({
      functions: { odd: () => outcome },
      rules: [{ phase: "clientRequest", function: "odd" }],
    });
    expect(errorCode(await ask(port, "/"))).toBe("FUNCTION_RESULT_INVALID");
  });

  it("headers beyond 64 KiB from a function are FUNCTION_HEADERS_TOO_LARGE", async () => {
    const headers = `a:${"x".repeat(65_536)}\n`;
    const { port } = await edge({
      functions: { big: () => textOutcome("", { headers }) },
      rules: [{ phase: "fetch", function: "big" }],
    });
    expect(errorCode(await ask(port, "/"))).toBe("FUNCTION_HEADERS_TOO_LARGE");
  });

  it("a failure in clientResponse continues by default and fails when the rule says so", async () => {
    const functions = { ...failing };
    const started = await edge({
      functions,
      rules: [
        { phase: "fetch", function: "rest" },
        { phase: "clientResponse", function: "throws" },
      ],
    });
    expect((await ask(started.port, "/")).text).toBe("rest");
    started.route({
      functions,
      rules: [
        { phase: "fetch", function: "rest" },
        { phase: "clientResponse", function: "throws", onError: "fail" },
      ],
    });
    expect(errorCode(await ask(started.port, "/"))).toBe("FUNCTION_THREW");
  });
});
