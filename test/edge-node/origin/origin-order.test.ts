import { expect, it } from "vitest";
import { orderSources } from "../../../edge-node/origin/origin-order.ts";
import { loopbackSource } from "../support/edge.ts";

it("orderSources() puts larger priorities first and every source once", () => {
  const sources = [10, 90, 50, 90].map((priority, index) => loopbackSource(index, { priority }));
  const ordered = orderSources(sources, () => 0.999);
  expect(ordered.map(({ priority }) => priority)).toEqual([90, 90, 50, 10]);
  expect(new Set(ordered).size).toBe(4);
});

it("orderSources() chooses among equals by weight", () => {
  const sources = [loopbackSource(1, { weight: 75 }), loopbackSource(2, { weight: 25 })];
  const firsts = Array.from({ length: 100 }, (_, index) => orderSources(sources, () => index / 100)[0]?.http_port);
  expect(firsts.filter((port) => port === 1)).toHaveLength(75);
});
