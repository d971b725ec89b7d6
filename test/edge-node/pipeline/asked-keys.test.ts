import { expect, it } from "vitest";
import { AskedKeys } from "../../../edge-node/pipeline/asked-keys.ts";

it("a key is asked for until all who ask for it have ended, and nothing is left then", () => {
  const asked = new AskedKeys();
  asked.begin("k");
  asked.begin("k");
  asked.end("k");
  expect([asked.has("k"), asked.has("other")]).toEqual([true, false]);
  asked.end("k");
  expect([asked.has("k"), asked.size]).toEqual([false, 0]);
});
