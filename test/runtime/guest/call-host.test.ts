/** No memory that is shared or may change its size goes to the host, whatever user code has put in place of the language's own parts. */
import { describe, expect, test } from "vitest";
import { callHost } from "../../../runtime/guest/bridge/call-host.ts";
import { exactBuffer } from "../../../runtime/guest/web/encoding/buffer-source.ts";

interface Tampering {
  readonly target: object;
  readonly key: PropertyKey;
  readonly descriptor: PropertyDescriptor;
}

/** Runs `act` while these properties are what a hostile function made of them; nothing else may run meanwhile. */
function tampered(changes: readonly Tampering[], act: () => void): void {
  const before = changes.map(({ target, key }) => Object.getOwnPropertyDescriptor(target, key));
  for (let n = 0; n < changes.length; n += 1) {
    const { target, key, descriptor } = changes[n] as Tampering;
    Object.defineProperty(target, key, { configurable: true, ...descriptor });
  }
  try {
    act();
  } finally {
    for (let n = changes.length - 1; n >= 0; n -= 1) {
      const { target, key } = changes[n] as Tampering;
      const own = before[n];
      if (own === undefined) Reflect.deleteProperty(target, key);
      else Object.defineProperty(target, key, own);
    }
  }
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;

describe("callHost", () => {
  const host = (text: string, ...buffers: unknown[]): unknown[] => [text, ...buffers];

  test("hands the buffers over in their order", () => {
    const [first, second] = [new ArrayBuffer(1), new ArrayBuffer(2)];
    expect(callHost(host, "text", [first, second])).toEqual(["text", first, second]);
    expect(callHost(host, "text", [])).toEqual(["text"]);
    expect(callHost(host, "text", ["one of text", first])).toEqual(["text", "one of text", first]);
  });

  test.each([new SharedArrayBuffer(4), new Uint8Array(4), { byteLength: 4 }, undefined])("refuses %s", (buffer) => {
    expect(() => callHost(host, "text", [buffer as never])).toThrow(TypeError);
  });

  test("neither an iterator nor a setter of the user's gets between", () => {
    const buffers = [new ArrayBuffer(1)];
    let [given, seen] = [0, 0];
    const count = function count(): void {
      given = arguments.length;
    };
    const set = (): void => {
      seen += 1;
    };
    const value = (): Iterator<unknown> => ({ next: () => ({ done: true, value: undefined }) });
    tampered(
      [
        { target: Array.prototype, key: "1", descriptor: { set } },
        { target: Object.prototype, key: "1", descriptor: { set } },
        { target: Array.prototype, key: Symbol.iterator, descriptor: { value } },
      ],
      () => {
        callHost(count, "text", buffers);
      },
    );
    expect([given, seen]).toEqual([2, 0]);
  });
});

describe("exactBuffer", () => {
  test("is the source's own buffer where that has just these bytes", () => {
    const buffer = new ArrayBuffer(8);
    for (const source of [buffer, new Uint8Array(buffer), new Float64Array(buffer), new DataView(buffer)]) {
      expect(exactBuffer(source)).toBe(buffer);
    }
  });

  test("is a copy of a part, of memory that may change its size, and of shared memory", () => {
    const bytes = new Uint8Array([1, 2, 3, 4]);
    const shared = new Uint8Array(new SharedArrayBuffer(2));
    const resizable = new Uint8Array(new ArrayBuffer(2, { maxByteLength: 4 }));
    for (const [source, expected] of [
      [bytes.subarray(1, 3), [2, 3]],
      [shared as never, [0, 0]],
      [resizable, [0, 0]],
    ] as const) {
      const copy = exactBuffer(source);
      expect(copy).not.toBe(source.buffer);
      expect(copy).toBeInstanceOf(ArrayBuffer);
      expect([copy.resizable, ...new Uint8Array(copy)]).toEqual([false, ...expected]);
    }
  });

  test("a detached source has no bytes", () => {
    const bytes = new Uint8Array(4);
    bytes.buffer.transfer();
    expect(exactBuffer(bytes).byteLength).toBe(0);
  });

  test("a getter of the user's is not asked for what goes out", () => {
    const bytes = new Uint8Array([1, 2]);
    const [shared, other] = [new SharedArrayBuffer(2), new SharedArrayBuffer(2)];
    let buffer: unknown = null;
    tampered(
      [
        { target: bytes, key: "buffer", descriptor: { value: shared } },
        { target: typedArray, key: "buffer", descriptor: { get: () => other } },
      ],
      () => {
        buffer = exactBuffer(bytes);
      },
    );
    expect(buffer).toBeInstanceOf(ArrayBuffer);
  });
});
