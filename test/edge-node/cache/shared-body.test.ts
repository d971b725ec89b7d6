import { describe, expect, it } from "vitest";
import { SharedBody } from "../../../edge-node/cache/shared-body.ts";

/** A source that is pushed by hand. */
function source() {
  const waiting: ((item: IteratorResult<Uint8Array>) => void)[] = [];
  const failing: ((error: Error) => void)[] = [];
  let returned = 0;
  const iterator = {
    next: () =>
      new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        waiting.push(resolve);
        failing.push(reject);
      }),
    return: () => {
      returned++;
      return Promise.resolve({ done: true as const, value: undefined });
    },
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    iterable: { [Symbol.asyncIterator]: () => iterator },
    push: async (text: string) => {
      failing.shift();
      waiting.shift()?.({ done: false, value: Buffer.from(text) });
      await settle();
    },
    end: async () => {
      waiting.shift()?.({ done: true, value: undefined });
      await settle();
    },
    fail: async () => {
      failing.shift()?.(new Error("broke"));
      await settle();
    },
    asked: () => waiting.length,
    returned: () => returned,
  };
}

async function readAll(body: SharedBody): Promise<string> {
  let text = "";
  for await (const chunk of body.read()) text += Buffer.from(chunk).toString();
  return text;
}

describe("SharedBody", () => {
  it("gives every reader the whole, whenever it comes", async () => {
    const from = source();
    const body = new SharedBody(from.iterable, { bytesMax: 100 });
    const early = readAll(body);
    await from.push("ab");
    const middle = readAll(body);
    await from.push("cd");
    await from.end();
    expect(await Promise.all([early, middle, readAll(body)])).toEqual(["abcd", "abcd", "abcd"]);
    expect(await body.ended).toEqual({ kind: "complete", bytes: new Uint8Array(Buffer.from("abcd")) });
  });

  it("makes every reader throw when the source breaks off", async () => {
    const from = source();
    const body = new SharedBody(from.iterable, { bytesMax: 100 });
    const early = readAll(body);
    await from.push("ab");
    const [settled] = await Promise.all([Promise.allSettled([early]), from.fail()]);
    expect(settled).toMatchObject([{ status: "rejected", reason: { message: "broke" } }]);
    await expect(readAll(body)).rejects.toThrow("broke");
    expect((await body.ended).kind).toBe("failed");
  });

  it("stops reading ahead once it is too large, and lets its reader pull the rest through", async () => {
    const from = source();
    const body = new SharedBody(from.iterable, { bytesMax: 3 });
    const iterator = body.read();
    await from.push("ab");
    await from.push("cd");
    expect((await body.ended).kind).toBe("overflow");
    expect(from.asked()).toBe(0);
    expect(Buffer.from((await iterator.next()).value ?? "").toString()).toBe("ab");
    expect(Buffer.from((await iterator.next()).value ?? "").toString()).toBe("cd");
    const next = iterator.next();
    await new Promise((resolve) => setImmediate(resolve));
    await from.push("ef");
    expect(Buffer.from((await next).value ?? "").toString()).toBe("ef");
    await iterator.return?.();
    expect(from.returned()).toBe(1);
  });

  it("gives up a source that nobody reads any more, unless it is worth keeping", async () => {
    for (const isWorthKeeping of [false, true]) {
      const from = source();
      const body = new SharedBody(from.iterable, { bytesMax: 100, isWorthKeeping: () => isWorthKeeping });
      await body.read().return?.();
      expect(from.returned()).toBe(isWorthKeeping ? 0 : 1);
    }
  });

  it("lets the source go when nobody reads a body that is too large", async () => {
    const from = source();
    const body = new SharedBody(from.iterable, { bytesMax: 1 });
    const iterator = body.read();
    const first = iterator.next();
    await from.push("a");
    await first;
    await iterator.return?.();
    await from.push("bc");
    expect((await body.ended).kind).toBe("overflow");
    expect(from.returned()).toBe(1);
  });
});
