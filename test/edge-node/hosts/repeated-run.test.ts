import { describe, expect, it } from "vitest";
import { withinTime } from "../../../edge-node/hosts/repeated-run.ts";
import type { Outcome } from "../../../runtime/driver.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";

/** A run that is late by the time its outcome comes; says what was given back. */
async function lateWith(outcome: (said: string[]) => Outcome): Promise<readonly string[]> {
  const clock = new FakeClock();
  const said: string[] = [];
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const run = { outcome: promise, cancel: () => said.push("cancel") };
  const environment = { startTimer: (delayMs: number, fire: () => void) => clock.after(delayMs, fire) };
  const ended = withinTime(run, { leftMs: 10, environment });
  await clock.advance(10);
  expect(await ended).toMatchObject({ code: "FUNCTION_WALL_LIMIT" });
  resolve(outcome(said));
  await settle();
  return said;
}

describe("withinTime()", () => {
  it("cancels a run that is late, and gives the stream back that it answers with afterwards", async () => {
    const iterator: AsyncIterator<Uint8Array> = {
      next: () => Promise.resolve({ done: true, value: undefined }),
    };
    const said = await lateWith((words) => {
      const chunks = {
        [Symbol.asyncIterator]: () => ({
          ...iterator,
          return: () => {
            words.push("return");
            return Promise.resolve({ done: true as const, value: undefined });
          },
        }),
      };
      return { kind: "response", status: 200, headers: "", body: { kind: "stream", chunks, lengthBytes: undefined } };
    });
    expect(said).toEqual(["cancel", "return"]);
  });

  it("a plain answer that is late is forgotten", async () => {
    expect(await lateWith(() => ({ kind: "continue" }))).toEqual(["cancel"]);
  });
});
