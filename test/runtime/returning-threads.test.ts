import { describe, expect, it } from "vitest";
import { EntryWatch } from "../../runtime/isolates/entry-watch.ts";
import { ReturningThreads } from "../../runtime/isolates/returning-threads.ts";
import { nodeLimits } from "../../sdk/limits.ts";
import { FakeClock, settle } from "../edge-node/support/fake-clock.ts";

interface Harness {
  readonly threads: ReturningThreads;
  readonly clock: FakeClock;
  readonly stuck: string[];
}

function harness(): Harness {
  const clock = new FakeClock();
  const stuck: string[] = [];
  const threads = new ReturningThreads({
    environment: { startTimer: (delayMs, fire) => clock.after(delayMs, fire) },
    onStuck: (key) => stuck.push(key),
  });
  return { threads, clock, stuck };
}

/** An entry into an isolate, and what ends it. */
function entryOf(watch: EntryWatch): PromiseWithResolvers<undefined> {
  const entry = Promise.withResolvers<undefined>();
  watch.watch(entry.promise);
  return entry;
}

const limits = { key: "v", memoryMiB: 100 };

describe("ReturningThreads", () => {
  it("a thread that does not come back in time is told once for its version; a large heap is given longer", async () => {
    const { threads, clock, stuck } = harness();
    for (let instance = 0; instance < 2; instance += 1) {
      const entries = new EntryWatch();
      entryOf(entries);
      threads.expect(entries, limits);
    }
    await clock.advance(nodeLimits.threadReturnMs + 99);
    expect(stuck).toEqual([]);
    await clock.advance(1);
    expect(stuck).toEqual(["v"]);
  });

  it("threads that come back, failed or not, are forgotten", async () => {
    const { threads, clock, stuck } = harness();
    const entries = new EntryWatch();
    const [first, second] = [entryOf(entries), entryOf(entries)];
    threads.expect(entries, limits);
    first.resolve(undefined);
    second.reject(new Error("disposed"));
    await clock.advance(10_000);
    expect(stuck).toEqual([]);
    expect(clock.waits).toEqual([]);
  });

  it("a version's next instance waits for the thread of the one before, another version's does not", async () => {
    const { threads } = harness();
    const entries = new EntryWatch();
    const entry = entryOf(entries);
    threads.expect(entries, limits);
    const log: string[] = [];
    void threads.whenBack("v").then(() => log.push("v"));
    void threads.whenBack("other").then(() => log.push("other"));
    await settle();
    expect(log).toEqual(["other"]);
    entry.resolve(undefined);
    await settle();
    expect(log).toEqual(["other", "v"]);
  });

  it("an instance that nobody is in is not waited for", async () => {
    const { threads, clock } = harness();
    threads.expect(new EntryWatch(), limits);
    await threads.whenBack("v");
    expect(clock.waits).toEqual([]);
  });
});
