/** Claims about who is asked for a heartbeat, when a miss counts, and when an instance is given up. */
import { heartbeatLimits } from "../../sdk/instance-limits.ts";
import { describe, expect, it } from "vitest";
import { HeartbeatWatch, type AskedInstance } from "../../runtime/isolates/heartbeat-watch.ts";

const { everyMs, missesMax, timeoutMs } = heartbeatLimits;

class Clock {
  nowMs = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly fire: () => void }>();

  readonly startTimer = (delayMs: number, fire: () => void): (() => void) => {
    const timer = { atMs: this.nowMs + delayMs, fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get timers(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.nowMs = next.atMs;
      next.fire();
    }
    this.nowMs = untilMs;
  }
}

function setUp(answer: (question: number) => boolean | null = () => null) {
  const clock = new Clock();
  const heard: string[] = [];
  const instance: AskedInstance & { stopped: boolean; asked: number } = {
    stopped: false,
    asked: 0,
    beat(question) {
      instance.asked += 1;
      const isWell = answer(question);
      if (isWell !== null) watch.answered(instance, { question, isWell, reason: "it answered false" });
    },
  };
  const watch = new HeartbeatWatch<typeof instance>({
    environment: clock,
    onBeat: () => undefined,
    onMiss: () => heard.push("miss"),
    onRetire: (_instance, reason) => heard.push(`retire: ${reason}`),
  });
  watch.watch(instance);
  return { clock, heard, instance, watch };
}

describe("HeartbeatWatch", () => {
  it("asks every 5 s, and an instance that is well goes on", () => {
    const { clock, heard, instance } = setUp(() => true);
    clock.advance(everyMs - 1);
    expect(instance.asked).toBe(0);
    clock.advance(1);
    expect(instance.asked).toBe(1);
    clock.advance(everyMs * 20);
    expect([instance.asked, heard]).toEqual([21, []]);
  });

  it("counts no answer within 3 s as a miss, and one at 3 s less a moment as none", () => {
    const { clock, heard, instance, watch } = setUp();
    clock.advance(everyMs + timeoutMs - 1);
    watch.answered(instance, { question: 1, isWell: true, reason: "" });
    clock.advance(1);
    expect(heard).toEqual([]);
    clock.advance(everyMs - 1);
    expect(heard).toEqual([]);
    clock.advance(1);
    expect(heard).toEqual(["miss"]);
  });

  it("gives an instance up with the sixth miss in a row, not with the fifth, and asks it no more", () => {
    const { clock, heard, instance } = setUp(() => false);
    clock.advance(everyMs * (missesMax - 1) + timeoutMs);
    expect(heard).toEqual(["miss", "miss", "miss", "miss", "miss"]);
    clock.advance(everyMs);
    expect(heard.slice(5)).toEqual(["miss", "retire: it answered false"]);
    clock.advance(everyMs * 10);
    expect([instance.asked, clock.timers]).toEqual([missesMax, 0]);
  });

  it("begins to count anew when one was well", () => {
    const { clock, heard } = setUp((question) => heard.length === 5 && question > 0);
    clock.advance(everyMs * (missesMax * 2 - 1) + timeoutMs);
    expect(heard.filter((word) => word !== "miss")).toEqual([]);
  });

  it("hears no answer that comes after its question was judged", () => {
    const { clock, heard, instance, watch } = setUp();
    clock.advance(everyMs * missesMax);
    watch.answered(instance, { question: 1, isWell: true, reason: "" });
    clock.advance(timeoutMs);
    expect(heard.at(-1)).toBe(`retire: it gave no answer within ${timeoutMs} ms`);
  });

  it("keeps no timer of an instance that is forgotten or stopped", () => {
    const { clock, instance, watch } = setUp(() => true);
    instance.stopped = true;
    clock.advance(everyMs);
    expect([instance.asked, clock.timers]).toEqual([0, 0]);
    watch.watch(instance);
    watch.forget(instance);
    expect(clock.timers).toBe(0);
  });
});
