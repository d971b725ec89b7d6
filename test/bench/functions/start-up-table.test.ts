/** The claims of bench/functions/start-up-table.ts. */
import { expect, test } from "vitest";
import { startUpTableAnswer, startUpTableSource } from "../../../bench/functions/start-up-table.ts";

test.each(["records", "computed"] as const)(
  "the module (%s) is about 350 KB and answers from its table",
  async (kind) => {
    const source = startUpTableSource("table 7", kind);
    expect(source.length).toBeGreaterThan(300_000);
    expect(source.length).toBeLessThan(400_000);
    const url = `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`;
    const module = (await import(url)) as { default: { fetch(request: Request): Response } };
    const answer = await module.default.fetch(new Request("http://bench.test/?id=0")).text();
    expect(answer).toBe(startUpTableAnswer("table 7"));
  },
);

test("two salts make two different modules", () => {
  expect(startUpTableSource("a", "records")).not.toBe(startUpTableSource("b", "records"));
});
