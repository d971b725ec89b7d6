import { describe, expect, it } from "vitest";
import { OneAtATime } from "../../../control-plane/store/one-at-a-time.ts";

describe("OneAtATime", () => {
  it("starts a work when the one before has ended, however it ended", async () => {
    const works = new OneAtATime(10);
    const first = Promise.withResolvers<string>();
    const started: number[] = [];
    const running = works.run(() => {
      started.push(1);
      return first.promise;
    });
    const next = works.run(() => {
      started.push(2);
      return Promise.resolve("second");
    });
    await Promise.resolve();
    expect(started).toEqual([1]);
    first.reject(new Error("first"));
    await expect(running).rejects.toThrow("first");
    expect(await next).toBe("second");
    expect(started).toEqual([1, 2]);
  });

  it("is full with as many works as its bound, the running one included, and has room when they ended", async () => {
    const works = new OneAtATime(2);
    const { promise, resolve } = Promise.withResolvers<void>();
    const running = [works.run(() => promise), works.run(() => promise)];
    expect(works.isFull).toBe(true);
    resolve();
    await Promise.all(running);
    expect(works.isFull).toBe(false);
  });
});
