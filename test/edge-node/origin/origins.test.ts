import { expect, it } from "vitest";
import { Connections } from "../../../edge-node/origin/connections.ts";
import { compileOrigins, type DomainOrigins } from "../../../edge-node/origin/domain-origins.ts";
import { Origins, type SourceRecord } from "../../../edge-node/origin/origins.ts";
import { PipelineMetrics } from "../../../edge-node/pipeline/pipeline-metrics.ts";
import type { DomainConfig, HealthCheck } from "../../../sdk/domain.ts";
import { domainConfig, loopback, loopbackSource } from "../support/edge.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { opensThings } from "../support/opened.ts";

const { origin, rawOrigin, keep } = opensThings();

const check: HealthCheck = {
  status: "on",
  path: "/health?deep",
  method: "GET",
  interval: 10,
  timeout: 2,
  expected_status: "2xx",
  healthy_after: 2,
  unhealthy_after: 2,
};

interface World {
  readonly clock: FakeClock;
  readonly origins: Origins;
  readonly metrics: PipelineMetrics;
}

/** Every random number is 0.5: checks keep exactly their interval, the first after half of it. */
async function world(): Promise<World> {
  const clock = new FakeClock();
  const metrics = new PipelineMetrics();
  const connections = await keep(Promise.resolve(new Connections({ policy: loopback })));
  return { clock, metrics, origins: new Origins({ clock, random: () => 0.5, connections, metrics }) };
}

function site(port: number, change: Partial<DomainConfig> = {}): DomainOrigins {
  return compileOrigins(domainConfig({ sources: [loopbackSource(port)], ...change }));
}

function recordOf({ origins }: World, domain: DomainOrigins): SourceRecord {
  const [source] = domain.all;
  if (source === undefined) throw new Error("The domain has no source");
  return origins.record(domain.domain, source);
}

/** Lets one interval pass and the check that is due come to its end. */
async function nextCheck({ clock }: World, record: SourceRecord): Promise<void> {
  const { checks } = record.counts;
  const before = checks.passed + checks.failed;
  await clock.advance(clock.waits.at(0) ?? 0);
  while (checks.passed + checks.failed === before) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(0);
}

it("a source is checked in its rhythm, becomes ill and well again, and its connection is used again", async () => {
  let status = 200;
  const connections = new Set<unknown>();
  const source = await origin((request, response) => {
    connections.add(request.socket);
    response.writeHead(status, { "content-length": 5 }).end("alive");
  });
  const here = await world();
  const domain = site(source.port, { health_check: check });
  here.origins.keep([domain]);
  const record = recordOf(here, domain);
  expect(here.clock.waits).toEqual([5_000]);
  const states: string[] = [];
  for (const next of [200, 500, 500, 200, 200]) {
    status = next;
    await nextCheck(here, record);
    states.push(record.health.state(0));
    expect(here.clock.waits).toEqual([10_000]);
  }
  expect(states).toEqual(["well", "well", "ill", "ill", "well"]);
  expect(record.counts.checks).toEqual({ passed: 3, failed: 2 });
  expect(record.counts.requests).toBe(0);
  expect(connections.size).toBe(1);
  expect(source.requests[0]).toMatchObject({ url: "/health?deep", method: "GET" });
  expect(source.requests[0]?.headers).toMatchObject({ host: "site.test", "user-agent": "selvage-health-check" });
  here.origins.close();
  expect(here.clock.waits).toEqual([]);
});

it("a check asks with its own Host field, else the source's", async () => {
  const source = await origin((_request, response) => response.end());
  for (const [config, host] of [
    [{ health_check: { ...check, host: "check.test" } }, "check.test"],
    [{ health_check: check, sources: [loopbackSource(source.port, { host_name: "real.test" })] }, "real.test"],
    [{ health_check: check, domain: "*.wild.test" }, "wild.test"],
  ] as const) {
    const here = await world();
    const domain = site(source.port, config);
    here.origins.keep([domain]);
    await nextCheck(here, recordOf(here, domain));
    expect(source.requests.at(-1)?.headers.host).toBe(host);
    here.origins.close();
  }
});

it("a source that is silent or breaks off fails its check in time", async () => {
  const here = await world();
  const silent = await rawOrigin(() => {});
  const domain = site(silent.port, { health_check: check });
  here.origins.keep([domain]);
  const record = recordOf(here, domain);
  await here.clock.advance(5_000);
  while (silent.connections === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(here.clock.waits).toEqual([2_000]);
  await nextCheck(here, record);
  const broken = await rawOrigin((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"));
  const other = site(broken.port, { health_check: check });
  here.origins.keep([other]);
  const brokenRecord = recordOf(here, other);
  await nextCheck(here, brokenRecord);
  expect([record.counts.checks.failed, brokenRecord.counts.checks.failed]).toEqual([1, 1]);
  here.origins.close();
});

it("what is known about a source outlives the revisions that keep it, and no others", async () => {
  const here = await world();
  const { origins, clock, metrics } = here;
  const domain = site(1, { health_check: check });
  origins.keep([domain]);
  const record = recordOf(here, domain);
  for (let time = 0; time < 3; time++) record.health.failed(clock.monotonicMs());
  const changed = site(1, { health_check: { ...check, interval: 20 }, sources: [loopbackSource(1, { weight: 1 })] });
  origins.keep([changed]);
  expect(recordOf(here, changed)).toBe(record);
  expect(metrics.allSources().map((counts) => [counts.domain, counts.source, counts.health()])).toEqual([
    ["site.test", "127.0.0.1:1/443", "aside"],
  ]);
  expect(clock.waits).toEqual([10_000]);
  origins.keep([site(2)]);
  expect(clock.waits).toEqual([]);
  expect(metrics.allSources()).toEqual([]);
  const late = recordOf(here, changed);
  expect(late).not.toBe(record);
  expect(metrics.allSources()).toEqual([]);
  expect(origins.budget("gone.test")).not.toBe(origins.budget("gone.test"));
  expect(origins.budget("site.test")).toBe(origins.budget("site.test"));
});

it("a source that is not checked any more is not ill any more", async () => {
  const here = await world();
  const domain = site(1, { health_check: check });
  here.origins.keep([domain]);
  const record = recordOf(here, domain);
  for (let time = 0; time < 2; time++) record.health.checked(false, { healthyAfter: 2, unhealthyAfter: 2 });
  here.origins.keep([domain]);
  expect(record.health.state(0)).toBe("ill");
  here.origins.keep([site(1)]);
  expect(record.health.state(0)).toBe("well");
});
