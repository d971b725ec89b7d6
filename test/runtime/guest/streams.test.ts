/** What our streams do beyond their library's own tests: the places where the runtime amends it. */
import { describe, expect, test } from "vitest";
import { ReadableStream, WritableStream } from "../../../runtime/guest/parts/streams/main.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

describe("pipeTo()", () => {
  test("writes a chunk that it waited for after enqueue() returned", async () => {
    const written: string[] = [];
    let enqueue: (chunk: string) => void = () => undefined;
    const source = new ReadableStream<string>(
      {
        start(controller) {
          enqueue = (chunk) => {
            controller.enqueue(chunk);
          };
        },
      },
      { highWaterMark: 0 },
    );
    void source.pipeTo(new WritableStream<string>({ write: (chunk) => void written.push(chunk) }));
    await new Promise(setImmediate);
    enqueue("one");
    expect(written).toEqual([]);
    await Promise.resolve();
    await Promise.resolve();
    expect(written).toEqual(["one"]);
  });

  test("a chunk enqueued just before close(), error() or abort is still written", async () => {
    const ends: readonly ((controller: { close(): void; error(reason: unknown): void }) => void)[] = [
      (controller) => {
        controller.close();
      },
      (controller) => {
        controller.error(new Error("late"));
      },
    ];
    for (const end of ends) {
      const written: string[] = [];
      let finish: () => void = () => undefined;
      const source = new ReadableStream<string>(
        {
          start(controller) {
            finish = () => {
              controller.enqueue("last");
              end(controller);
            };
          },
        },
        { highWaterMark: 0 },
      );
      const piping = source.pipeTo(new WritableStream<string>({ write: (chunk) => void written.push(chunk) }));
      await new Promise(setImmediate);
      finish();
      await piping.catch(() => undefined);
      expect(written).toEqual(["last"]);
    }
  });
});

test("asynchronous iterators inherit from %AsyncIteratorPrototype%", async () => {
  const iterator = ReadableStream.from(["a", "b"]).values();
  const asyncGenerator = Object.getPrototypeOf(async function* none() {}) as { readonly prototype: object };
  const prototype = Object.getPrototypeOf(iterator) as object;
  expect(Object.getPrototypeOf(prototype)).toBe(Object.getPrototypeOf(asyncGenerator.prototype));
  expect(Reflect.ownKeys(prototype)).toEqual(["next", "return"]);
  const chunks: unknown[] = [];
  for await (const chunk of iterator) chunks.push(chunk);
  expect(chunks).toEqual(["a", "b"]);
});
