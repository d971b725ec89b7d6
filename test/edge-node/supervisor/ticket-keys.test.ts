import { expect, it } from "vitest";
import { TicketKeys } from "../../../edge-node/supervisor/ticket-keys.ts";
import { tlsLimits } from "../../../sdk/cdn-limits.ts";
import { FakeClock } from "../support/fake-clock.ts";

it("there is a new key after each key's time, until stop()", async () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const keys = new TicketKeys({ clock, onNew: (key) => told.push(key) });
  const first = keys.current;
  expect(Buffer.from(first, "base64")).toHaveLength(48);
  keys.start();
  await clock.advance(tlsLimits.ticketKeyMs - 1);
  expect([keys.current, told]).toEqual([first, []]);
  await clock.advance(1);
  await clock.advance(tlsLimits.ticketKeyMs);
  expect(new Set([first, ...told]).size).toBe(3);
  expect(keys.current).toBe(told[1]);
  keys.stop();
  await clock.advance(tlsLimits.ticketKeyMs);
  expect(told).toHaveLength(2);
});
