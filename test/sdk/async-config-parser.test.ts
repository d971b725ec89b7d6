import { describe, expect, it } from "vitest";
import { defaultAsyncConfig, parseAsyncConfig } from "../../sdk/async-config-parser.ts";
import { callLimits, destinationLimits } from "../../sdk/call-limits.ts";

const problemsOf = (input: unknown): readonly string[] => {
  const parsed = parseAsyncConfig(input);
  return parsed.ok ? [] : parsed.problems.map(({ path }) => path);
};

describe("parseAsyncConfig()", () => {
  it("fills in defaults", () => {
    expect(parseAsyncConfig({})).toEqual({ ok: true, value: defaultAsyncConfig });
    expect(defaultAsyncConfig).toEqual({ retries: 1, maxAgeSeconds: 86_400, onSuccess: null, onFailure: null });
  });

  it("takes each kind of destination", () => {
    const onSuccess = { kind: "function", function: "g" } as const;
    const onFailure = { kind: "queue", queue: "failed-1.a_b" } as const;
    expect(parseAsyncConfig({ onSuccess, onFailure })).toMatchObject({
      ok: true,
      value: { onSuccess: { ...onSuccess, qualifier: "latest" }, onFailure },
    });
    expect(problemsOf({ onSuccess: { kind: "http", url: "https://a.example/x?y=1" }, onFailure: null })).toEqual([]);
  });

  it.each([
    ["retries", callLimits.retries],
    ["maxAgeSeconds", callLimits.maxAgeSeconds],
  ] as const)("holds %s to its range", (key, { min, max }) => {
    for (const value of [min, max]) expect(problemsOf({ [key]: value })).toEqual([]);
    for (const value of [min - 1, max + 1, 1.5, "1", null]) expect(problemsOf({ [key]: value })).toEqual([key]);
  });

  it("holds URLs and names of queues to their lengths", () => {
    const url = (length: number) => "http://a.example/".padEnd(length, "x");
    const { urlCharsMax, queueNameCharsMax } = destinationLimits;
    expect(problemsOf({ onSuccess: { kind: "http", url: url(urlCharsMax) } })).toEqual([]);
    expect(problemsOf({ onSuccess: { kind: "http", url: url(urlCharsMax + 1) } })).toEqual(["onSuccess.url"]);
    expect(problemsOf({ onSuccess: { kind: "queue", queue: "q".repeat(queueNameCharsMax) } })).toEqual([]);
    expect(problemsOf({ onSuccess: { kind: "queue", queue: "q".repeat(queueNameCharsMax + 1) } })).toEqual([
      "onSuccess.queue",
    ]);
  });

  it.each([
    [{ onSuccess: { kind: "topic" } }, ["onSuccess.kind"]],
    [{ onFailure: { kind: "http", url: "file:///etc/passwd" } }, ["onFailure.url"]],
    [{ onFailure: { kind: "http", url: "http://user@a.example/" } }, ["onFailure.url"]],
    [{ onSuccess: { kind: "queue", queue: "a", more: 1 } }, ["onSuccess.more"]],
    [{ onSuccess: { kind: "function", function: "g", qualifier: "a b" } }, ["onSuccess.qualifier"]],
    [{ onSuccess: "queue:a" }, ["onSuccess"]],
    [{ colour: 1 }, ["colour"]],
    ["text", ["input"]],
  ])("refuses %j", (input, paths) => {
    expect(problemsOf(input)).toEqual(paths);
  });
});
