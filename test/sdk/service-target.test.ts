import { describe, expect, it } from "vitest";
import { serviceLimits } from "../../sdk/limits.ts";
import { collidingServices, parseServices, servicesText, sortedServices } from "../../sdk/service-target.ts";
import { problemLines } from "./expect-problems.ts";

const auth = { function: "auth", alias: "prod" } as const;
const log = { function: "log", version: "v3" } as const;

describe("parseServices()", () => {
  it("takes functions by alias, version or latest, and none when absent", () => {
    expect(parseServices(undefined)).toEqual({ ok: true, value: {} });
    const input = { Z: log, AUTH: auth, M: { function: "m", version: "latest" } };
    const parsed = parseServices(input);
    expect(parsed).toEqual({ ok: true, value: input });
    expect(parsed.ok && Object.keys(parsed.value)).toEqual(["AUTH", "M", "Z"]);
  });

  it("takes as many as allowed, and not one more", () => {
    const many = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`S${index}`, auth]));
    expect(parseServices(many(serviceLimits.perFunctionMax)).ok).toBe(true);
    expect(problemLines(parseServices(many(serviceLimits.perFunctionMax + 1)))).toEqual([
      "services: received 21 services, allowed: at most 20",
    ]);
  });

  it.each<[string, unknown, string]>([
    ["a list", [], "services: received []"],
    ["a text", "auth", "services: "],
    ["a target that is no object", { AUTH: "auth" }, "services.AUTH: "],
    ["no function", { AUTH: { alias: "prod" } }, "services.AUTH.function: is required"],
    ["a function name outside the grammar", { AUTH: { function: "1", alias: "a" } }, "services.AUTH.function: "],
    ["neither alias nor version", { AUTH: { function: "auth" } }, "services.AUTH.version: received neither"],
    ["both", { AUTH: { ...auth, version: "v1" } }, "services.AUTH.version: received both"],
    ["latest as an alias", { AUTH: { function: "auth", alias: "latest" } }, "services.AUTH.alias: "],
    ["an unknown key", { AUTH: { ...auth, path: "/" } }, "services.AUTH.path: is not a key"],
    ["a name that is no environment key", { "a-b": auth }, "services.a-b: is not a name"],
    ["a reserved name", { RUNTIME_X: auth }, "services.RUNTIME_X: is not a name"],
    ["a name that is too long", { ["A".repeat(65)]: auth }, "allowed: at most 64 characters"],
    [
      "a prototype's name",
      JSON.parse('{"__proto__":{"function":"auth","alias":"prod"}}'),
      "services.__proto__: is not",
    ],
  ])("refuses %s", (_name, input, expected) => {
    expect(problemLines(parseServices(input)).join("\n")).toContain(expected);
  });
});

it("services are written in one order, and shown as people read them", () => {
  const services = sortedServices({ B: log, A: { alias: "prod", function: "auth" } });
  expect(JSON.stringify(services)).toBe(
    '{"A":{"function":"auth","alias":"prod"},"B":{"function":"log","version":"v3"}}',
  );
  expect(servicesText(services)).toBe("A=auth@prod,B=log@v3");
});

it("a service may not have the name of an environment variable", () => {
  expect(collidingServices({ AUTH: auth, LOG: log }, ["AUTH", "KEY"])).toEqual([
    { path: "services.AUTH", message: "is also an environment variable, allowed: another name" },
  ]);
});
