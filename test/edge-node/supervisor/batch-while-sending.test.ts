import { describe, expect, it } from "vitest";
import { BatchWhileSending } from "../../../edge-node/supervisor/batch-while-sending.ts";
import { settle } from "../support/fake-clock.ts";

class Sendings {
  readonly batches: (readonly string[])[] = [];
  #taken: () => void = () => {};
  readonly sender = new BatchWhileSending<string>({
    send: (items) => {
      this.batches.push(items);
      return new Promise((resolve) => {
        this.#taken = resolve;
      });
    },
    bytesOf: (item) => item.length,
    batchMax: 3,
    batchBytesMax: 10,
  });

  async take(): Promise<void> {
    this.#taken();
    await settle();
  }
}

describe("BatchWhileSending", () => {
  it("sends the first at once and what comes meanwhile together", async () => {
    const sendings = new Sendings();
    void sendings.sender.push("a");
    expect(sendings.batches).toEqual([["a"]]);
    const rest = ["b", "c"].map((item) => sendings.sender.push(item));
    await sendings.take();
    expect(sendings.batches).toEqual([["a"], ["b", "c"]]);
    await sendings.take();
    await Promise.all(rest);
  });

  it("keeps to so many items and so many bytes, but one alone may be larger", async () => {
    const sendings = new Sendings();
    void sendings.sender.push("first");
    for (const item of ["1", "2", "3", "4", "123456", "1234", "12345678901", "x"]) void sendings.sender.push(item);
    for (let turn = 0; turn < 6; turn++) await sendings.take();
    expect(sendings.batches).toEqual([["first"], ["1", "2", "3"], ["4", "123456"], ["1234"], ["12345678901"], ["x"]]);
  });

  it("keeps nobody waiting but who began to send", async () => {
    const sendings = new Sendings();
    let isOver = false;
    const first = sendings.sender.push("a").then(() => {
      isOver = true;
    });
    await sendings.sender.push("b");
    expect(isOver).toBe(false);
    await sendings.take();
    await sendings.take();
    await first;
  });

  it("starts again after everything was sent", async () => {
    const sendings = new Sendings();
    const first = sendings.sender.push("a");
    await sendings.take();
    await first;
    void sendings.sender.push("b");
    expect(sendings.batches).toEqual([["a"], ["b"]]);
  });
});
