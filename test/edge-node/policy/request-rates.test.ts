import { expect, it } from "vitest";
import { policyLimits } from "../../../sdk/cdn-limits.ts";
import { RequestRates } from "../../../edge-node/policy/request-rates.ts";

/** How many of `count` requests at one moment pass. */
function ask(
  rates: RequestRates,
  count: number,
  change: { address?: string; qps?: number; nowMs?: number; domain?: string } = {},
): number {
  const { domain = "site.test", address = "10.0.0.1", qps = 3, nowMs = 1_000 } = change;
  return Array.from({ length: count }, () => rates.take(domain, { address, qps, nowMs })).filter(Boolean).length;
}

it("as many as qps may come at once, and each part of a second brings back its part", () => {
  const rates = new RequestRates();
  expect(ask(rates, 5)).toBe(3);
  expect(ask(rates, 5, { nowMs: 1_333 })).toBe(0);
  expect(ask(rates, 5, { nowMs: 1_334 })).toBe(1);
  expect(ask(rates, 5, { nowMs: 2_001 })).toBe(2);
  expect(ask(rates, 9, { nowMs: 60_000 })).toBe(3);
});

it("requests that are refused cost nothing further", () => {
  const rates = new RequestRates();
  ask(rates, 1_000);
  expect(ask(rates, 9, { nowMs: 2_000 })).toBe(3);
});

it.each([1, 7, 100_000])("%i a second are %i a second over time", (qps) => {
  const rates = new RequestRates();
  let passed = 0;
  for (let nowMs = 0; nowMs < 1_000; nowMs += 250) passed += ask(rates, qps, { qps, nowMs });
  expect(passed).toBe(qps + Math.floor(qps * 0.75));
});

it("counts addresses and domains apart, IPv6 by /64", () => {
  const rates = new RequestRates();
  expect(ask(rates, 3)).toBe(3);
  expect(ask(rates, 3, { address: "10.0.0.2" })).toBe(3);
  expect(ask(rates, 3, { domain: "other.test" })).toBe(3);
  expect(ask(rates, 3, { address: "2001:db8::1" })).toBe(3);
  expect(ask(rates, 3, { address: "2001:db8::ffff:1" })).toBe(0);
  expect(ask(rates, 3, { address: "2001:db8:0:1::1" })).toBe(3);
});

it("forgets the addresses that did not ask for longest when a domain has too many", () => {
  const rates = new RequestRates();
  rates.keep(Array.from({ length: policyLimits.rateAddressesMax }, (_, index) => `d${index}.test`));
  const domain = "d1.test";
  const addresses = Array.from(
    { length: policyLimits.rateAddressesMin },
    (_, index) => `10.0.${index >> 8}.${index & 255}`,
  );
  for (const address of addresses) ask(rates, 3, { domain, address });
  ask(rates, 1, { domain, address: "10.0.0.0" });
  ask(rates, 1, { domain, address: "192.0.2.1" });
  expect(ask(rates, 3, { domain, address: "10.0.0.0" })).toBe(0);
  expect(ask(rates, 3, { domain, address: "10.0.0.1" })).toBe(3);
});

it("forgets domains that have no limit any more, and keeps the others", () => {
  const rates = new RequestRates();
  ask(rates, 3, { domain: "a.test" });
  ask(rates, 3, { domain: "b.test" });
  rates.keep(["a.test"]);
  expect(ask(rates, 3, { domain: "a.test" })).toBe(0);
  expect(ask(rates, 3, { domain: "b.test" })).toBe(3);
});
