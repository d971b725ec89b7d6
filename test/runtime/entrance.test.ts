import { describe, expect, it } from "vitest";
import type { GuestEntry } from "../../runtime/isolates/boot.ts";
import { Entrance } from "../../runtime/isolates/entrance.ts";
import { settle } from "../edge-node/support/fake-clock.ts";

interface Harness {
  readonly entrance: Entrance;
  /** What was entered, and how: "thread" (watched), "unwatched", "here". */
  readonly entered: string[];
  readonly told: string[];
  /** The isolate's thread comes back from the oldest watched entry. */
  comeBack(): Promise<void>;
  setMayRunHere(may: boolean): void;
  /** The next entry that runs here takes so long, and throws when it is told to. */
  setNext(next: { readonly tookMs: number; readonly error?: unknown }): void;
  /** Runs what was put off until after this tick. */
  runTick(): void;
}

function harness(cpuMs = 50): Harness {
  const entered: string[] = [];
  const told: string[] = [];
  const away: PromiseWithResolvers<undefined>[] = [];
  let ticks: (() => void)[] = [];
  let nowMs = 0;
  let mayRunHere = true;
  let next: { tookMs: number; error?: unknown } = { tookMs: 0 };
  const entrance = new Entrance({
    environment: {
      nowMs: () => nowMs,
      threadCpuMs: () => nowMs,
      afterTick: (flush) => ticks.push(flush),
    },
    limits: { cpuMs },
    onFailed: (error) => told.push(`failed ${String(error)}`),
    onTimeout: () => told.push("timeout"),
    mayRunHere: () => mayRunHere,
  });
  entrance.open({
    apply: (_this: unknown, [batch]: [string]) => {
      entered.push(`thread ${batch}`);
      const entry = Promise.withResolvers<undefined>();
      away.push(entry);
      return entry.promise;
    },
    applyIgnored: (_this: unknown, [batch]: [string]) => entered.push(`unwatched ${batch}`),
    applySync: (_this: unknown, [batch]: [string]) => {
      entered.push(`here ${batch}`);
      const { tookMs, error } = next;
      next = { tookMs: 0 };
      nowMs += tookMs;
      if (error !== undefined) throw error;
    },
  } as unknown as GuestEntry);
  return {
    entrance,
    entered,
    told,
    comeBack: async () => {
      away.shift()?.resolve(undefined);
      await settle();
    },
    setMayRunHere: (may) => {
      mayRunHere = may;
    },
    setNext: (given) => {
      next = given;
    },
    runTick: () => {
      const due = ticks;
      ticks = [];
      for (const flush of due) flush();
    },
  };
}

function enter({ entrance }: Harness, batch: string, isWatched = false): void {
  entrance.countInvocation();
  entrance.enter({ batch, buffers: [], isWatched });
}

/** An instance whose entries are quick. */
async function quick(cpuMs?: number): Promise<Harness> {
  const whole = harness(cpuMs);
  for (let count = 0; count < 70; count += 1) whole.entrance.countInvocation();
  whole.entrance.looked(0);
  enter(whole, "first", true);
  await whole.comeBack();
  whole.entered.length = 0;
  return whole;
}

describe("Entrance", () => {
  it("the isolate's own thread runs what was not proved quick", () => {
    const whole = harness();
    enter(whole, "a", true);
    enter(whole, "b");
    expect(whole.entered).toEqual(["thread a", "unwatched b"]);
    expect(whole.entrance.entries.open).toBe(1);
  });

  it("what the other thread was given is done first, watched or not", async () => {
    const whole = harness();
    enter(whole, "a");
    for (let count = 0; count < 70; count += 1) whole.entrance.countInvocation();
    whole.entrance.looked(0);
    enter(whole, "b");
    enter(whole, "c");
    expect(whole.entered).toEqual(["unwatched a", "thread b", "thread c"]);
    await whole.comeBack();
    enter(whole, "d");
    await whole.comeBack();
    await whole.comeBack();
    enter(whole, "e");
    expect(whole.entered.slice(3)).toEqual(["thread d", "here e"]);
  });

  it("nothing runs here while others would wait for it", async () => {
    const whole = await quick();
    whole.setMayRunHere(false);
    enter(whole, "a");
    expect(whole.entered).toEqual(["unwatched a"]);
    whole.setMayRunHere(true);
    enter(whole, "b");
    expect(whole.entered).toEqual(["unwatched a", "thread b"]);
    await whole.comeBack();
    enter(whole, "c");
    expect(whole.entered[2]).toBe("here c");
  });

  it("a function that may compute for long never runs here", async () => {
    const whole = await quick(101);
    enter(whole, "a");
    expect(whole.entered).toEqual(["unwatched a"]);
  });

  it("a long entry is the last that runs here", async () => {
    const whole = await quick();
    whole.setNext({ tookMs: 20 });
    enter(whole, "a");
    enter(whole, "b");
    expect(whole.entered).toEqual(["here a", "unwatched b"]);
  });

  it("an entry that took its whole limit is told of at once, another that failed after this tick", async () => {
    const whole = await quick();
    whole.setNext({ tookMs: 1, error: new Error("left") });
    enter(whole, "a");
    expect(whole.told).toEqual([]);
    whole.runTick();
    expect(whole.told).toEqual(["failed Error: left"]);
    whole.setNext({ tookMs: 70, error: new Error("Script execution timed out.") });
    enter(whole, "b");
    expect(whole.told).toEqual(["failed Error: left", "timeout"]);
  });

  it("whoever passes through waits for everything before", async () => {
    const whole = harness();
    let isThrough = false;
    const passing = whole.entrance.passThrough().then(() => (isThrough = true));
    await settle();
    expect(isThrough).toBe(false);
    await whole.comeBack();
    await passing;
    expect(whole.entered).toEqual(["thread "]);
  });
});
