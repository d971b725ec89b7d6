import { describe, expect, it } from "vitest";
import { ByteQueue } from "../../../edge-node/pipeline/byte-queue.ts";

function queue(bytesMax: number): { readonly queue: ByteQueue; readonly calls: string[] } {
  const calls: string[] = [];
  const source = {
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
    cancel: () => void calls.push("cancel"),
  };
  return { queue: new ByteQueue(source, { bytesMax }), calls };
}

describe("ByteQueue", () => {
  it("hands chunks over in order and ends", async () => {
    const { queue: one, calls } = queue(100);
    one.push(Buffer.from("a"));
    const first = one.next();
    const second = one.next();
    one.push(new Uint8Array());
    one.push(Buffer.from("b"));
    one.end();
    expect([(await first).value, (await second).value, (await one.next()).done]).toEqual([
      Buffer.from("a"),
      Buffer.from("b"),
      true,
    ]);
    expect(calls).toEqual([]);
  });

  it("pauses its source at the bound and resumes it when half is read", async () => {
    const { queue: one, calls } = queue(4);
    for (const text of ["ab", "cd", "ef"]) one.push(Buffer.from(text));
    expect(calls).toEqual(["pause"]);
    await one.next();
    expect(calls).toEqual(["pause"]);
    await one.next();
    expect(calls).toEqual(["pause", "resume"]);
  });

  it("throws a failure after what had arrived", async () => {
    const { queue: one } = queue(100);
    one.push(Buffer.from("a"));
    one.fail(new Error("broke"));
    one.push(Buffer.from("late"));
    expect((await one.next()).done).toBe(false);
    await expect(one.next()).rejects.toThrow("broke");
  });

  it("cancels its source once, and not after the end", async () => {
    const { queue: open, calls } = queue(100);
    const waiting = open.next();
    await open.return();
    await open.return();
    expect([(await waiting).done, calls]).toEqual([true, ["cancel"]]);
    const { queue: ended, calls: none } = queue(100);
    ended.end();
    await ended.return();
    expect(none).toEqual([]);
  });

  it("refuses two reads at once", async () => {
    const { queue: one } = queue(100);
    const first = one.next();
    await expect(one.next()).rejects.toThrow("twice at once");
    one.end();
    await first;
  });
});
