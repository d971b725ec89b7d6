import { describe, expect, it } from "vitest";
import { SharedDeadline } from "../../../../edge-node/cache/disk/shared-deadline.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function begin(): { clock: FakeClock; deadline: SharedDeadline; ended: string[]; wait: (name: string) => () => void } {
  const clock = new FakeClock();
  const deadline = new SharedDeadline({ clock, waitMs: 100 });
  const ended: string[] = [];
  const wait = (name: string): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const raced = deadline.race(promise, () => `${name} late`);
    raced.then((text) => ended.push(text)).catch(() => ended.push(`${name} failed`));
    return () => resolve(`${name} done`);
  };
  return { clock, deadline, ended, wait };
}

describe("SharedDeadline", () => {
  it("expires each wait at its own time, with one timer for all", async () => {
    const { clock, ended, wait } = begin();
    wait("a");
    await clock.advance(40);
    wait("b");
    expect(clock.waits).toEqual([60]);
    await clock.advance(61);
    expect(ended).toEqual(["a late"]);
    await clock.advance(40);
    expect(ended).toEqual(["a late", "b late"]);
    expect(clock.waits).toEqual([]);
  });

  it("gives what ended in time, and goes on without those", async () => {
    const { clock, ended, wait } = begin();
    const finishFirst = wait("a");
    wait("b");
    finishFirst();
    await clock.advance(101);
    expect(ended).toEqual(["a done", "b late"]);
  });

  it("looks once more before it gives up", async () => {
    const { clock, ended, wait } = begin();
    const finish = wait("a");
    await clock.advance(100);
    finish();
    await clock.advance(1);
    expect(ended).toEqual(["a done"]);
  });

  it("expires what waits when it is closed, and leaves no timer", async () => {
    const { clock, deadline, ended, wait } = begin();
    wait("a");
    deadline.close();
    await clock.advance(0);
    expect(ended).toEqual(["a late"]);
    expect(clock.waits).toEqual([]);
  });
});
