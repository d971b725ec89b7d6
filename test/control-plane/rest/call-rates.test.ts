import { afterEach, describe, expect, it } from "vitest";
import { CallRates, clientNetwork } from "../../../control-plane/rest/call-rates.ts";
import type { Clock } from "../../../control-plane/clock.ts";
import { controlAccessLimits } from "../../../sdk/control-access-limits.ts";
import { FakeClock } from "../fake-clock.ts";
import { adminToken, TestControlPlane } from "../test-control-plane.ts";

let nowMs = 0;
const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} };
const rates = (): CallRates =>
  new CallRates({ requestsPerAddress: 10, requestsPerToken: 5, wrongTokensPerAddress: 2, clock });
const times = (count: number, take: () => number): number[] => Array.from({ length: count }, take);

describe("CallRates", () => {
  it("lets a burst through and then as many as it may in a second, each address on its own", () => {
    const some = rates();
    expect(times(11, () => some.fromAddress("192.0.2.1"))).toEqual([...Array<number>(10).fill(0), 100]);
    expect(some.fromAddress("192.0.2.2")).toBe(0);
    nowMs += 200;
    expect(times(3, () => some.fromAddress("192.0.2.1")).map(Math.round)).toEqual([0, 0, 100]);
  });

  it("remembers so many addresses and tokens; those that were silent longest begin anew", () => {
    const some = rates();
    times(10, () => some.fromAddress("192.0.2.1"));
    for (let index = 1; index < controlAccessLimits.callersMax; index++) some.fromAddress(`host ${String(index)}`);
    expect(some.fromAddress("192.0.2.1")).toBe(100);
    some.fromAddress("one more");
    expect(times(10, () => some.fromAddress("192.0.2.1"))).toEqual(Array<number>(10).fill(0));
  });

  it("counts wrong tokens by the minute", () => {
    const some = rates();
    expect(times(3, () => some.wrongToken("192.0.2.1"))).toEqual([0, 0, 30_000]);
    expect(some.untilTry("192.0.2.1")).toBe(30_000);
    expect(some.untilTry("192.0.2.2")).toBe(0);
    nowMs += 30_000;
    expect(some.untilTry("192.0.2.1")).toBe(0);
  });
});

describe("clientNetwork()", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
  ])("%s", (address, network) => {
    expect(clientNetwork(address)).toBe(network);
  });
});

describe("the control plane", () => {
  const open: TestControlPlane[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  const start = async (options: Parameters<typeof TestControlPlane.start>[0]): Promise<TestControlPlane> => {
    const control = await TestControlPlane.start(options);
    open.push(control);
    return control;
  };
  /** Statuses of so many calls one after the other. */
  const statuses = async (count: number, call: () => Promise<{ readonly status: number }>): Promise<number[]> => {
    const all: number[] = [];
    for (let index = 0; index < count; index++) all.push((await call()).status);
    return all;
  };

  it.each(["requestsPerAddress", "requestsPerToken"])("answers 429 with Retry-After beyond %s", async (limit) => {
    const still = new FakeClock();
    const control = await start({ [limit]: 3, clock: still });
    const list = (): ReturnType<typeof control.call> => control.call("GET /v1/functions");
    expect(await statuses(5, list)).toEqual([200, 200, 200, 429, 429]);
    const { headers, body } = await list();
    expect(headers.get("retry-after")).toBe("1");
    expect(body).toMatchObject({ error: { code: "RATE_LIMITED", message: "Too many requests: try again in 1 s." } });
    still.advance(334);
    expect(await statuses(2, list)).toEqual([200, 429]);
  });

  it("counts requests without a token and to unknown paths, too, and looks at no token before", async () => {
    const control = await start({ requestsPerAddress: 3, clock: new FakeClock() });
    expect(await statuses(1, () => control.call("GET /healthz", { token: null }))).toEqual([200]);
    expect(await statuses(1, () => control.call("GET /v1/nothing"))).toEqual([404]);
    expect(await statuses(2, () => control.call("GET /v1/functions", { token: "wrong" }))).toEqual([401, 429]);
  });

  it("counts each token on its own, and nodes' not at all", async () => {
    const control = await start({ requestsPerToken: 3, clock: new FakeClock() });
    const { token } = await control.createToken("publisher");
    const node = await control.createToken("node");
    expect(await statuses(2, () => control.call("GET /v1/functions"))).toEqual([200, 429]);
    expect(await statuses(4, () => control.call("GET /v1/functions", { token }))).toEqual([200, 200, 200, 429]);
    const purges = (): ReturnType<typeof control.call> => control.call("POST /v1/nodes/logs", { token: node.token });
    expect(await statuses(5, purges)).not.toContain(429);
  });

  it("keeps an address with wrong tokens from trying more, right guesses of a chosen token as well", async () => {
    const still = new FakeClock();
    const control = await start({ wrongTokensPerAddress: 3, clock: still });
    const { token } = await control.createToken("publisher");
    const tries = (tried: string): ReturnType<typeof control.call> =>
      control.call("GET /v1/functions", { token: tried });
    expect(await statuses(3, () => tries("wrong"))).toEqual([401, 401, 401]);
    for (const tried of ["wrong", adminToken, `slv_${"A".repeat(43)}`]) {
      const { status, headers } = await tries(tried);
      expect([status, headers.get("retry-after")]).toEqual([429, "20"]);
    }
    expect((await tries(token)).status).toBe(200);
    expect((await control.call("GET /healthz", { token: null })).status).toBe(200);
    still.advance(20_000);
    expect((await tries(adminToken)).status).toBe(200);
    expect(await statuses(2, () => tries("wrong"))).toEqual([401, 429]);
  });
});
