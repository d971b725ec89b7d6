/** Server names of handshakes start functions, within bounds. */
import { describe, expect, it } from "vitest";
import { Prewarmer } from "../../../edge-node/front/prewarmer.ts";
import { buildRouting, type Routing } from "../../../edge-node/routing/routing.ts";
import { BackgroundTasks } from "../../../edge-node/supervisor/background-tasks.ts";
import { tlsLimits } from "../../../sdk/cdn-limits.ts";
import type { Phase } from "../../../sdk/phase.ts";
import { domainConfig, functionState, ManualClock, servingCertificate } from "../support/edge.ts";
import { FakeDriver } from "../support/fake-driver.ts";
import { opensThings } from "../support/opened.ts";
import { RecordingLogger } from "../support/recording-logger.ts";
import { connectTls } from "../support/tls-client.ts";

/** `rules`: phase and function, of every domain. */
function routingOf(domains: readonly string[], rules: readonly (readonly [Phase, string])[]): Routing {
  const names = [...new Set(rules.map(([, name]) => name))];
  const rule = ([phase, name]: readonly [Phase, string]) =>
    ({
      phase,
      function: name,
      matchType: "all",
      version: "v1",
      priority: 1,
      enabled: true,
      stop: false,
      onError: "fail",
    }) as const;
  return buildRouting(
    {
      format: 1,
      revision: 1,
      publicKey: "",
      functions: names.map((name) => functionState(name)),
      domains: domains.map((domain) => ({ config: domainConfig({ domain }), rules: rules.map(rule) })),
    },
    new Map(names.map((name) => [`${name}@v1`, { key: name, egress: null }])),
  );
}

function prewarming(routing: Routing): {
  readonly prewarmer: Prewarmer;
  readonly prewarmed: readonly string[];
  readonly clock: ManualClock;
} {
  const driver = new FakeDriver();
  const clock = new ManualClock();
  const background = new BackgroundTasks(new RecordingLogger());
  const prewarmer = new Prewarmer({ driver, clock, background, routing: () => routing });
  return { prewarmer, prewarmed: driver.prewarmed, clock };
}

describe("Prewarmer", () => {
  it("starts the versions of the domain that is named, each once, those first that a request meets first", () => {
    const rules = [
      ["fetch", "site"],
      ["clientResponse", "guard"],
      ["clientRequest", "guard"],
    ] as const;
    const { prewarmer, prewarmed } = prewarming(routingOf(["a.test", "*.b.test"], rules));
    prewarmer.expect("A.test");
    expect(prewarmed).toEqual(["guard", "site"]);
    prewarmer.expect("x.b.test");
    expect(prewarmed).toEqual(["guard", "site", "guard", "site"]);
  });

  it("starts nothing for a name that no domain has, and for a domain without functions", () => {
    const { prewarmer, prewarmed } = prewarming(routingOf(["a.test"], []));
    for (const name of ["b.test", "a.test", ""]) prewarmer.expect(name);
    expect(prewarmed).toEqual([]);
  });

  it("starts no more than the first few versions of a domain", () => {
    const rules = Array.from({ length: 9 }, (_, index) => ["fetch", `f${index}`] as const);
    const { prewarmer, prewarmed } = prewarming(routingOf(["a.test"], rules));
    prewarmer.expect("a.test");
    expect(prewarmed).toHaveLength(tlsLimits.prewarmedVersionsMax);
  });

  it("does not start a domain again before its time", () => {
    const { prewarmer, prewarmed, clock } = prewarming(routingOf(["a.test"], [["fetch", "site"]]));
    for (let count = 0; count < 100; count++) prewarmer.expect("a.test");
    expect(prewarmed).toHaveLength(1);
    clock.advance(tlsLimits.prewarmAgainMs);
    prewarmer.expect("a.test");
    expect(prewarmed).toHaveLength(2);
  });

  it("starts so many domains in one second and no more, whatever names come", () => {
    const names = Array.from({ length: 100 }, (_, index) => `d${index}.test`);
    const { prewarmer, prewarmed, clock } = prewarming(routingOf(names, [["fetch", "site"]]));
    for (const name of names) prewarmer.expect(name);
    expect(prewarmed).toHaveLength(tlsLimits.prewarmedNamesPerSecond);
    clock.advance(1_000);
    for (const name of names) prewarmer.expect(name);
    expect(prewarmed).toHaveLength(2 * tlsLimits.prewarmedNamesPerSecond);
  });
});

describe("the TLS port", () => {
  const opened = opensThings();

  it("has the functions of the named host started before there is a request", async () => {
    const driver = new FakeDriver();
    const { front, tlsPort } = await opened.edge({
      certificates: ["www"],
      front: { driver },
    });
    front.setCertificates([servingCertificate("www")]);
    front.setRouting(routingOf(["www.example.com"], [["fetch", "site"]]));
    const socket = await connectTls(tlsPort, {});
    socket.destroy();
    expect(driver.prewarmed).toEqual(["site"]);
  });

  it("starts nothing for a host that it has no certificate for", async () => {
    const driver = new FakeDriver();
    const { front, tlsPort } = await opened.edge({ certificates: ["www"], front: { driver } });
    front.setRouting(routingOf(["other.test"], [["fetch", "site"]]));
    await expect(connectTls(tlsPort, { servername: "other.test" })).rejects.toThrow(/alert|disconnected|reset/i);
    expect(driver.prewarmed).toEqual([]);
  });
});
