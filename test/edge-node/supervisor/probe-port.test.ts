import { createServer, type AddressInfo, type Server } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { probePort } from "../../../edge-node/supervisor/probe-port.ts";
import { failureOf } from "../support/failure-of.ts";
import { FakeClock } from "../support/fake-clock.ts";

const host = "127.0.0.1";

async function takePort(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => void server.close());
  return { server, port: (server.address() as AddressInfo).port };
}

/** Answers once the prober waits for its next attempt. */
async function waiting(clock: FakeClock): Promise<void> {
  while (clock.waits.length === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe("probePort()", () => {
  it("chooses a port that can be listened on afterwards", async () => {
    const port = await probePort({ host, port: 0 }, { clock: new FakeClock(), patienceMs: 0 });
    expect(port).toBeGreaterThan(0);
    expect(await probePort({ host, port }, { clock: new FakeClock(), patienceMs: 0 })).toBe(port);
  });

  it("waits for a port that is about to be given back", async () => {
    const { server, port } = await takePort();
    const clock = new FakeClock();
    const probed = probePort({ host, port }, { clock, patienceMs: 3_000 });
    await waiting(clock);
    await new Promise((resolve) => server.close(resolve));
    await clock.advance(50);
    expect(await probed).toBe(port);
  });

  it("names the address when it stays taken", async () => {
    const { port } = await takePort();
    const clock = new FakeClock();
    const failure = failureOf(probePort({ host, port }, { clock, patienceMs: 100 }));
    for (let attempt = 0; attempt < 2; attempt++) {
      await waiting(clock);
      await clock.advance(50);
    }
    expect(await failure).toContain(`Cannot listen on ${host}:${port}`);
  });

  it("does not wait for an address that is not this machine's", async () => {
    const clock = new FakeClock();
    await expect(probePort({ host: "192.0.2.1", port: 0 }, { clock, patienceMs: 3_000 })).rejects.toThrow("192.0.2.1");
    expect(clock.waits).toEqual([]);
  });
});
