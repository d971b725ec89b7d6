/** The part of the driver contract that is about time as functions see it: too coarse to measure what others do to a cache line. */
import { expect, it } from "vitest";
import type { RunFunction } from "./driver-run.ts";
import { textOf } from "./driver-fixtures.ts";

/** Reads a clock in one synchronous run until it has ticked a few times; answers with all values that are no whole steps of a millisecond. */
const readings = (clock: string): string => `{ fetch() {
  const now = () => ${clock};
  const first = now();
  const odd = [];
  for (let last = first, ticks = 0; ticks < 3; ) {
    const value = now();
    if (value === last) continue;
    ticks += 1;
    const step = value - last;
    if (step < 1 || Math.abs(step - Math.round(step)) > 1e-6) odd.push(step);
    last = value;
  }
  return Response.json(odd);
} }`;

/** Clocks. */
export function clocks(run: RunFunction): void {
  it.each([
    ["performance.now()", "performance.now()"],
    ["Date.now()", "Date.now()"],
    ["new Date()", "new Date().getTime()"],
    ["an event's timeStamp", `new Event("x").timeStamp`],
    [
      "formatted parts of a second",
      `Number(new Intl.DateTimeFormat("en", { second: "numeric", fractionalSecondDigits: 3 }).format().replace(".", ""))`,
    ],
  ])("%s ticks in whole milliseconds within one synchronous run", async (_name, clock) => {
    const { outcome } = await run(readings(clock));
    const odd = JSON.parse(await textOf(outcome)) as readonly number[];
    // A minute ends once in a while.
    expect(odd.filter((step) => step > -59_000)).toEqual([]);
  });

  it("performance.now() and Date.now() are one clock", async () => {
    const { outcome } = await run(
      `{ fetch() { for (let n = 0; n < 1e5; n++) { const before = Date.now(); const at = performance.timeOrigin + performance.now(); const after = Date.now(); if (before === after && Math.abs(at - before) > 0.001) return new Response(String(at - before)); } return new Response("one"); } }`,
    );
    expect(await textOf(outcome)).toBe("one");
  });
}
