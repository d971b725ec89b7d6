/** Claims about what makes a module an event function: `event` of selvage.json and of a publish request. */
import { describe, expect, test } from "vitest";
import { defaultEventSettings, exportOf, fileOf, type EventSettings } from "../../sdk/event-settings.ts";
import { parseEventSettings, writtenEventSettings } from "../../sdk/event-settings-parser.ts";
import { parsedValue, problemPaths } from "./expect-problems.ts";

const defaults = defaultEventSettings;

const sizes = (count: number): readonly number[] => Array.from({ length: count }, (_none, index) => 8 + index);

describe("parseEventSettings()", () => {
  test("sizes come in order and each once, at most 16, from the smallest to the largest instance", () => {
    const parsed = (memorySizesMiB: readonly number[]) =>
      parsedValue(parseEventSettings({ memorySizesMiB }))?.memorySizesMiB;
    expect(parsed([1_024, 8, 256, 8])).toEqual([8, 256, 1_024]);
    expect(parsed(sizes(16))).toHaveLength(16);
    expect(parsed([])).toEqual([]);
  });

  test("nothing is no event function, and an empty object is index.handler", () => {
    expect(parsedValue(parseEventSettings(undefined))).toBeNull();
    expect(parsedValue(parseEventSettings(null))).toBeNull();
    expect(parsedValue(parseEventSettings({}))).toEqual(defaults);
  });

  test("what is written reads as what it was", () => {
    const settings: EventSettings = {
      handler: "src/a.b.main",
      initializer: "src/a.b.prepare",
      restore: "src/a.b.again",
      heartbeat: "src/a.b.well",
      parameters: "any",
      memorySizesMiB: [64, 128],
    };
    expect(parsedValue(parseEventSettings(writtenEventSettings(settings)))).toEqual(settings);
    expect(writtenEventSettings(parsedValue(parseEventSettings({})) ?? settings)).toEqual({ handler: "index.handler" });
  });

  test.each([
    ["no export", { handler: "handler" }, "event.handler"],
    ["no file", { handler: ".handler" }, "event.handler"],
    ["a path that leaves the source", { handler: "../index.handler" }, "event.handler"],
    ["an export that is no name", { handler: "index.1" }, "event.handler"],
    ["beyond 128 characters of export", { handler: `index.${"a".repeat(129)}` }, "event.handler"],
    ["an initializer in another file", { initializer: "other.initializer" }, "event.initializer"],
    ["a restore in another file", { restore: "other.again" }, "event.restore"],
    ["a heartbeat that is no handler", { heartbeat: "well" }, "event.heartbeat"],
    ["sizes that are no list", { memorySizesMiB: 128 }, "event.memorySizesMiB"],
    ["a size below an instance's", { memorySizesMiB: [7] }, "event.memorySizesMiB"],
    ["a size beyond an instance's", { memorySizesMiB: [1_025] }, "event.memorySizesMiB"],
    ["a size of text", { memorySizesMiB: ["128"] }, "event.memorySizesMiB"],
    ["17 sizes", { memorySizesMiB: sizes(17) }, "event.memorySizesMiB"],
    ["an unknown way to count parameters", { parameters: "some" }, "event.parameters"],
    ["another key", { timeout: 3 }, "event.timeout"],
    ["no object", "index.handler", "event"],
  ])("%s is refused", (_what, input, path) => {
    expect(problemPaths(parseEventSettings(input))).toContain(path);
  });

  test("the longest export that is allowed", () => {
    const handler = `index.${"a".repeat(128)}`;
    expect(parsedValue(parseEventSettings({ handler }))).toMatchObject({ handler });
  });
});

test("a handler's text names a file and an export, apart at the last dot", () => {
  expect([fileOf("src/a.b.main"), exportOf("src/a.b.main")]).toEqual(["src/a.b", "main"]);
});
