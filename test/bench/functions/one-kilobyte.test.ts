/** The claims of bench/functions/one-kilobyte.ts. */
import { expect, test } from "vitest";
import { oneKilobyteAnswer, oneKilobyteSource } from "../../../bench/functions/one-kilobyte.ts";

test("the module is about 1 KB and answers with its number and the path", async () => {
  const source = oneKilobyteSource(7);
  expect(Math.abs(source.length - 1_024)).toBeLessThan(80);
  const url = `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`;
  const module = (await import(url)) as { default: { fetch(request: Request): Response } };
  const answer = await module.default.fetch(new Request("http://bench.test/12")).text();
  expect(answer).toBe(oneKilobyteAnswer(7, "/12"));
});
