import { describe, expect, it } from "vitest";
import { Turns } from "../../../control-plane/blobs/turns.ts";

describe("Turns", () => {
  it("lets works on one key follow each other, however they end, and those on others run", async () => {
    const turns = new Turns<string>();
    const done: string[] = [];
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const first = turns.take("a", async () => {
      await gate;
      done.push("first");
      throw new Error("first failed");
    });
    const second = turns.take("a", () => Promise.resolve(done.push("second")));
    const third = turns.take("a", () => Promise.resolve(done.push("third")));
    await turns.take("b", () => Promise.resolve(done.push("other")));
    open();
    await expect(first).rejects.toThrow("first failed");
    await Promise.all([second, third]);
    expect(done).toEqual(["other", "first", "second", "third"]);
  });
});
