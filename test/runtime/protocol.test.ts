import { expect, it } from "vitest";
import { fromGuest, toEngine, toFront, toGuest } from "../../runtime/bridge/protocol.ts";

it.each([
  ["a guest", { ...toGuest, invoke: toEngine.invoke, cancel: toEngine.cancel }],
  ["an engine", toEngine],
  ["a front", toFront],
  ["whoever reads a guest", fromGuest],
])("no two kinds of frames that %s gets have one letter", (_name, kinds) => {
  const letters = Object.values(kinds);
  expect(letters.every((letter) => letter.length === 1)).toBe(true);
  expect(new Set(letters).size).toBe(letters.length);
});
