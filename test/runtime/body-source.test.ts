import { describe, expect, it } from "vitest";
import type { Body } from "../../runtime/body.ts";
import { BodySource } from "../../runtime/client/body-source.ts";
import { messageLimits } from "../../sdk/limits.ts";

function stream(chunks: readonly Uint8Array[], onReturn: () => void = () => {}): Body {
  return {
    kind: "stream",
    lengthBytes: undefined,
    chunks: {
      [Symbol.asyncIterator]: () => {
        let index = 0;
        return {
          next: () => {
            const value = chunks[index++];
            return Promise.resolve(value === undefined ? { done: true, value: undefined } : { done: false, value });
          },
          return: () => {
            onReturn();
            return Promise.resolve({ done: true, value: undefined });
          },
        };
      },
    },
  };
}

async function readAll(source: BodySource): Promise<number[]> {
  const sizes: number[] = [];
  for (;;) {
    const read = await source.read();
    if (read.kind !== "chunk") return sizes;
    const size = read.bytes.pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    expect(read.bytes.byteLength).toBe(size);
    sizes.push(size);
  }
}

describe("BodySource", () => {
  it.each<[string, Body, number[]]>([
    ["text", { kind: "text", text: "snö" }, [4]],
    ["bytes", { kind: "bytes", bytes: new Uint8Array(10) }, [10]],
    ["empty bytes", { kind: "bytes", bytes: new Uint8Array(0) }, []],
    ["a stream", stream([new Uint8Array(1)]), [1]],
  ])("reads %s", async (_name, body, sizes) => {
    expect(await readAll(new BodySource(body))).toEqual(sizes);
  });

  it("cuts chunks larger than the window", async () => {
    const max = messageLimits.bodyWindowBytes;
    expect(await readAll(new BodySource(stream([new Uint8Array(max * 2 + 5)])))).toEqual([max, max, 5]);
  });

  it("cuts at the window where a chunk runs over it", async () => {
    const max = messageLimits.bodyWindowBytes;
    const chunks = [new Uint8Array(max - 1), new Uint8Array(3), new Uint8Array(max)];
    const sizes = await readAll(new BodySource(stream(chunks)));
    expect(sizes.every((size) => size <= max)).toBe(true);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2 * max + 2);
  });

  it("what came in small chunks since the last read crosses as one, in order", async () => {
    const source = new BodySource(stream([1, 2, 3].map((value) => new Uint8Array([value]))));
    const first = await source.read();
    await new Promise(setImmediate);
    const second = await source.read();
    const bytes = [first, second].flatMap((read) =>
      read.kind === "chunk" ? read.bytes.pieces.map((piece) => piece[0]) : [],
    );
    expect(bytes).toEqual([1, 2, 3]);
    expect((await source.read()).kind).toBe("end");
  });

  it("reads nothing before it is asked, then one window ahead and no further", async () => {
    const chunk = new Uint8Array(messageLimits.bodyWindowBytes / 4);
    let reads = 0;
    const endless = {
      next: () => {
        reads += 1;
        return Promise.resolve({ done: false as const, value: chunk });
      },
    };
    const source = new BodySource({
      kind: "stream",
      lengthBytes: undefined,
      chunks: { [Symbol.asyncIterator]: () => endless },
    });
    await new Promise(setImmediate);
    expect(reads).toBe(0);
    await source.read();
    await new Promise(setImmediate);
    expect(reads).toBeLessThanOrEqual(1 + 4);
  });

  it("a second read while one waits fails and leaves the first alone", async () => {
    const late = Promise.withResolvers<IteratorResult<Uint8Array>>();
    const source = new BodySource({
      kind: "stream",
      lengthBytes: undefined,
      chunks: { [Symbol.asyncIterator]: () => ({ next: () => late.promise }) },
    });
    const first = source.read();
    expect((await source.read()).kind).toBe("failed");
    late.resolve({ done: false, value: new Uint8Array(1) });
    expect((await first).kind).toBe("chunk");
  });

  it("cancel() ends a read that waits", async () => {
    const source = new BodySource({
      kind: "stream",
      lengthBytes: undefined,
      chunks: { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) },
    });
    const reading = source.read();
    source.cancel();
    expect(await reading).toEqual({ kind: "end" });
  });

  it("says of a body's chunks whether their memory may be released", async () => {
    const given = { ...stream([new Uint8Array(1)]), givesChunks: true } as Body;
    const areGiven = async (body: Body): Promise<unknown> => {
      const read = await new BodySource(body).read();
      return read.kind === "chunk" && read.bytes.areGiven;
    };
    expect(await areGiven(given)).toBe(true);
    expect(await areGiven(stream([new Uint8Array(1)]))).toBe(false);
    expect(await areGiven({ kind: "bytes", bytes: new Uint8Array(1) })).toBe(false);
  });

  it("a failure is reported as such, not as an end", async () => {
    const broken: Body = {
      kind: "stream",
      lengthBytes: undefined,
      chunks: { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("cut")) }) },
    };
    expect(await new BodySource(broken).read()).toEqual({ kind: "failed", message: "cut" });
  });

  it("take() hands the body out once, and never after a read", async () => {
    const body: Body = { kind: "text", text: "x" };
    const source = new BodySource(body);
    expect([source.take(), source.take()]).toEqual([body, null]);
    const read = new BodySource(body);
    await read.read();
    expect(read.take()).toBeNull();
  });

  it("cancel() gives the source back, also when nobody read it", () => {
    let returned = 0;
    const source = new BodySource(stream([new Uint8Array(1)], () => (returned += 1)));
    source.cancel();
    source.cancel();
    expect(returned).toBe(1);
  });
});
