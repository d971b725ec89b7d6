import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { busyShares, takeCollector } from "../../edge-node/collector.ts";
import { ivm } from "../../runtime/isolates/isolated-vm.ts";

it("takeCollector() collects, and leaves the function to nobody else: not to contexts, and not to isolates of functions", async () => {
  const collect = takeCollector();
  const watched = new WeakRef(makeGarbage());
  // A reference that was made in this turn is held until its end.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(watched.deref()).toBeUndefined();
  expect(runInNewContext("typeof gc")).toBe("undefined");
  const isolate = new ivm.Isolate({ memoryLimit: 16 });
  expect((await isolate.createContext()).evalSync("typeof gc")).toBe("undefined");
  isolate.dispose();
});

it("busyShares() says how busy the event loop was since it was asked last", async () => {
  const busyShare = busyShares();
  const untilMs = performance.now() + 20;
  while (performance.now() < untilMs);
  expect(busyShare()).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const share = busyShare();
  expect([share >= 0, share < 1]).toEqual([true, true]);
});

function makeGarbage(): object {
  return { of: "no use" };
}
