import { describe, expect, it } from "vitest";
import { compileOrigins } from "../../../edge-node/origin/domain-origins.ts";
import type { DomainConfig, HealthCheck } from "../../../sdk/domain.ts";
import { domainConfig, loopbackSource } from "../support/edge.ts";

const check: HealthCheck = {
  status: "on",
  path: "/",
  method: "GET",
  interval: 10,
  timeout: 5,
  expected_status: "2xx, 304",
  healthy_after: 2,
  unhealthy_after: 3,
};

function ports(config: Partial<DomainConfig>, path: string): number[] {
  return compileOrigins(domainConfig(config))
    .sourcesFor(path)
    .map(({ source }) => source.http_port);
}

describe("sourcesFor()", () => {
  const config: Partial<DomainConfig> = {
    sources: [loopbackSource(1)],
    flexible_origin: [
      { match_type: "file_extension", match_pattern: ".jpg;.png", priority: 10, back_sources: [loopbackSource(2)] },
      {
        match_type: "file_path",
        match_pattern: "/api",
        priority: 20,
        back_sources: [loopbackSource(3), loopbackSource(4)],
      },
    ],
  };

  it.each([
    ["/", [1]],
    ["/a.jpg", [2]],
    ["/deep/b.png", [2]],
    ["/a.jpg/c", [1]],
    ["/api", [3, 4]],
    ["/api/x.jpg", [3, 4]],
    ["/apis", [1]],
  ])("of %s are those on %j", (path, expected) => {
    expect(ports(config, path)).toEqual(expected);
  });

  it("of every path are those of `all` when it has the larger priority", () => {
    const all = { match_type: "all", priority: 90, back_sources: [loopbackSource(9)] } as const;
    expect(ports({ ...config, flexible_origin: [...(config.flexible_origin ?? []), all] }, "/api")).toEqual([9]);
  });

  it("are known under one key wherever they are named, and under another when they are reached in another way", () => {
    const twice = { match_type: "all", priority: 1, back_sources: [loopbackSource(1, { weight: 3 })] } as const;
    const plain = compileOrigins(domainConfig({ sources: [loopbackSource(1)], flexible_origin: [twice] }));
    expect(plain.all).toHaveLength(1);
    const keys = [
      {},
      { origin_protocol: "https" },
      { origin_verify_certificate: "off" },
      { domain: "b.test" },
    ] as const;
    const all = keys.map(
      (change) => compileOrigins(domainConfig({ sources: [loopbackSource(1)], ...change })).all[0]?.key,
    );
    expect(new Set(all).size).toBe(4);
  });
});

it("compileOrigins() fills in what the configuration leaves out", () => {
  expect(compileOrigins(domainConfig())).toMatchObject({
    connectTimeoutMs: 5_000,
    headTimeoutMs: 30_000,
    idleTimeoutMs: 30_000,
    certificate: "checked",
    followsRedirects: false,
    passesRange: false,
    healthCheck: null,
  });
  const set = compileOrigins(
    domainConfig({
      origin_connect_timeout: 1,
      origin_receive_timeout: 2,
      origin_idle_timeout: 3,
      origin_verify_certificate: "off",
      origin_follow302_status: "on",
      origin_range_status: "on",
      health_check: check,
    }),
  );
  expect(set).toMatchObject({
    connectTimeoutMs: 1_000,
    headTimeoutMs: 2_000,
    idleTimeoutMs: 3_000,
    certificate: "any",
    followsRedirects: true,
    passesRange: true,
    healthCheck: { intervalMs: 10_000, timeoutMs: 5_000 },
  });
});

it("a health check that is off is none", () => {
  expect(compileOrigins(domainConfig({ health_check: { ...check, status: "off" } })).healthCheck).toBeNull();
});

it.each([
  [200, true],
  [204, true],
  [304, true],
  [301, false],
  [404, false],
  [503, false],
])("the status %i is expected by `2xx, 304`: %s", (status, expected) => {
  expect(compileOrigins(domainConfig({ health_check: check })).healthCheck?.isExpected(status)).toBe(expected);
});
