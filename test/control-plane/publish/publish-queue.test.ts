import { describe, expect, it } from "vitest";
import { PublishQueue } from "../../../control-plane/publish/publish-queue.ts";
import { publishLimits } from "../../../sdk/limits.ts";

/** A piece of work that ends when it is told to. */
class Work {
  readonly #end = Promise.withResolvers<void>();
  started = false;
  readonly run = async (): Promise<void> => {
    this.started = true;
    await this.#end.promise;
  };
  end(): void {
    this.#end.resolve();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe("PublishQueue", () => {
  it("runs one publish of a function at a time, and others beside it", async () => {
    const queue = new PublishQueue();
    const [first, second, other] = [new Work(), new Work(), new Work()];
    const all = [queue.run("a", first.run), queue.run("a", second.run), queue.run("b", other.run)];
    await settle();
    expect([first.started, second.started, other.started]).toEqual([true, false, true]);
    first.end();
    await settle();
    expect(second.started).toBe(true);
    for (const work of [second, other]) work.end();
    await Promise.all(all);
  });

  it("runs a few at a time, the next in order of arrival", async () => {
    const queue = new PublishQueue();
    const works = Array.from({ length: publishLimits.buildersMax + 2 }, () => new Work());
    const all = works.map((work, index) => queue.run(String(index), work.run));
    await settle();
    expect(works.filter(({ started }) => started)).toHaveLength(publishLimits.buildersMax);
    works[0]?.end();
    await settle();
    expect(works.map(({ started }) => started).lastIndexOf(true)).toBe(publishLimits.buildersMax);
    for (const work of works) work.end();
    await Promise.all(all);
  });

  it("refuses more than may wait", async () => {
    const queue = new PublishQueue();
    const works = Array.from({ length: 1 + publishLimits.buildQueueMax }, () => new Work());
    const all = works.map((work) => queue.run("a", work.run));
    await expect(queue.run("a", new Work().run)).rejects.toMatchObject({ code: "BUILD_QUEUE_FULL" });
    for (const work of works) work.end();
    await Promise.all(all);
  });

  it("goes on after a failure, which its caller gets", async () => {
    const queue = new PublishQueue();
    const failing = queue.run("a", () => Promise.reject(new Error("no")));
    const next = queue.run("a", () => Promise.resolve("yes"));
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("yes");
  });
});
