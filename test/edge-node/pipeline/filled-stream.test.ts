/** Bodies that are written to the disk as they pass: what becomes of the entry when the reader leaves while it waits. */
import { describe, expect, it } from "vitest";
import { FilledStream } from "../../../edge-node/pipeline/filled-stream.ts";
import { settle } from "../support/fake-clock.ts";

interface Scene {
  readonly stream: FilledStream;
  /** What the source sends next; null: its end. */
  readonly send: (text: string | null) => void;
  readonly breakOff: () => void;
  /** What was done with the entry. */
  readonly fill: string[];
}

function scene({ isWorthKeeping }: { readonly isWorthKeeping: boolean }): Scene {
  const fill: string[] = [];
  const waiting: PromiseWithResolvers<IteratorResult<Uint8Array, undefined>>[] = [];
  const source: AsyncIterator<Uint8Array> & AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => source,
    next: () => {
      const asked = Promise.withResolvers<IteratorResult<Uint8Array, undefined>>();
      waiting.push(asked);
      return asked.promise;
    },
    return: () => {
      for (const { resolve } of waiting.splice(0)) resolve({ done: true, value: undefined });
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  const stream = new FilledStream(source, {
    fill: {
      write: async (chunk) => void fill.push(`write ${Buffer.from(chunk).toString()}`),
      finish: async () => fill.push("finish") > 0,
      abort: async () => void fill.push("abort"),
    },
    isWorthKeeping: () => isWorthKeeping,
    inBackground: (running) => void running,
    onFilled: () => fill.push("filled"),
  });
  const send = (text: string | null): void =>
    waiting
      .shift()
      ?.resolve(text === null ? { done: true, value: undefined } : { done: false, value: Buffer.from(text) });
  return { stream, send, breakOff: () => waiting.shift()?.reject(new Error("broken")), fill };
}

describe("FilledStream", () => {
  it("finishes the entry when its source ended", async () => {
    const { stream, send, fill } = scene({ isWorthKeeping: false });
    for (const text of ["a", null]) {
      const item = stream.next();
      send(text);
      await item;
    }
    await stream.return();
    expect(fill).toEqual(["write a", "finish", "filled"]);
  });

  it("gives the entry up once when its reader leaves while it waits, and does not finish it", async () => {
    const { stream, fill } = scene({ isWorthKeeping: false });
    const pending = stream.next();
    await stream.return();
    expect([await pending, fill]).toEqual([{ done: true, value: undefined }, ["abort"]]);
  });

  it("gives the entry up once when its reader leaves and the source breaks off", async () => {
    const { stream, breakOff, fill } = scene({ isWorthKeeping: false });
    const pending = stream.next();
    const left = stream.return();
    breakOff();
    await expect(pending).rejects.toThrow("broken");
    await left;
    expect(fill).toEqual(["abort"]);
  });

  it("fetches the rest, in order and finished once, where that is worth it", async () => {
    const { stream, send, fill } = scene({ isWorthKeeping: true });
    const pending = stream.next();
    await stream.return();
    for (const text of ["a", "b", null]) {
      send(text);
      await settle();
    }
    await pending;
    expect(fill).toEqual(["write a", "write b", "finish", "filled"]);
  });

  it("finishes once when the source ends for a reader that left while it waited", async () => {
    const { stream, send, fill } = scene({ isWorthKeeping: true });
    const pending = stream.next();
    await stream.return();
    send(null);
    await pending;
    await settle();
    expect(fill).toEqual(["finish", "filled"]);
  });
});
