import { execFile } from "node:child_process";
import { promisify } from "node:util";
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

it("takeCollector() gives the pages back that garbage lay on, which the collector of Node.js' --expose-gc keeps", async () => {
  const program = `
    import { takeCollector } from ${JSON.stringify(new URL("../../edge-node/collector.ts", import.meta.url).href)};
    const collect = takeCollector();
    const kept = [];
    for (let i = 0; i < 2_000_000; i++) kept[i % 20_000] = { text: "x".repeat(50) + i, numbers: [i, i, i] };
    const before = process.memoryUsage.rss();
    gc();
    const ordinary = process.memoryUsage.rss();
    collect();
    console.log(JSON.stringify([ordinary / before, process.memoryUsage.rss() / before, kept.length]));`;
  const args = ["--expose-gc", "--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const [afterOrdinary, afterCollect] = JSON.parse(stdout) as [number, number];
  expect(afterOrdinary).toBeGreaterThan(0.9);
  expect(afterCollect).toBeLessThan(0.75);
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
