import { expect, it } from "vitest";
import type { CompiledSource } from "../../../edge-node/origin/domain-origins.ts";
import { orderSources } from "../../../edge-node/origin/origin-order.ts";
import type { DomainSource } from "../../../sdk/domain.ts";
import { loopbackSource } from "../support/edge.ts";

const compiled = (port: number, change: Partial<DomainSource>): CompiledSource => ({
  key: `${port}`,
  source: loopbackSource(port, change),
});

it("orderSources() puts larger priorities first and every source once", () => {
  const sources = [10, 90, 50, 90].map((priority, index) => compiled(index, { priority }));
  const ordered = orderSources(sources, () => 0.999);
  expect(ordered.map(({ source }) => source.priority)).toEqual([90, 90, 50, 10]);
  expect(new Set(ordered).size).toBe(4);
});

it("orderSources() chooses among equals by weight", () => {
  const sources = [compiled(1, { weight: 75 }), compiled(2, { weight: 25 })];
  const firsts = Array.from({ length: 100 }, (_, index) => orderSources(sources, () => index / 100)[0]?.key);
  expect(firsts.filter((key) => key === "1")).toHaveLength(75);
});
