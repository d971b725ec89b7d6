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
    sizes.push(read.bytes.byteLength);
  }
}

describe("BodySource", () => {
  it.each<[string, Body, number[]]>([
    ["text", { kind: "text", text: "snö" }, [4]],
    ["bytes", { kind: "bytes", bytes: new Uint8Array(10) }, [10]],
    ["empty bytes", { kind: "bytes", bytes: new Uint8Array(0) }, []],
    ["a stream", stream([new Uint8Array(1), new Uint8Array(2)]), [1, 2]],
  ])("reads %s", async (_name, body, sizes) => {
    expect(await readAll(new BodySource(body))).toEqual(sizes);
  });

  it("cuts chunks larger than the window", async () => {
    const max = messageLimits.bodyWindowBytes;
    expect(await readAll(new BodySource(stream([new Uint8Array(max * 2 + 5)])))).toEqual([max, max, 5]);
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
