import { expect, it } from "vitest";
import { frame, FrameReader, int, text } from "../../runtime/bridge/frame.ts";
import { bodyKind, fromGuest, outcomeKind, toGuest } from "../../runtime/bridge/protocol.ts";
import { AfterAnswer } from "../../runtime/isolates/after-answer.ts";
import type { ActiveInvocation } from "../../runtime/isolates/instance-parts.ts";
import { waitUntilLimits } from "../../sdk/limits.ts";

const { msMin } = waitUntilLimits;
const streamed = (id: number): string => int(200) + text("") + int(bodyKind.stream) + int(id);

function readerOf(raw: string): FrameReader {
  const reader = new FrameReader(raw);
  reader.next();
  return reader;
}

class Answered {
  nowMs = 0;
  readonly after = new AfterAnswer({ wallMs: 5_000 }, () => this.nowMs);

  answer(id: number, payload: string, kind: number = outcomeKind.response): ActiveInvocation {
    const cpu = { chargedMs: 0, started: 0, beside: 0 };
    const invocation = { id, deadlineMs: 0, cpu, answered: true, streamId: null };
    this.after.answered(invocation, kind, readerOf(frame(fromGuest.outcome, payload)));
    return invocation;
  }

  isOver(invocation: ActiveInvocation, holders: readonly number[] = []): boolean {
    return this.after.isOver(invocation, this.nowMs, (id) => holders.includes(id));
  }

  credit(streamId: number): void {
    this.after.delivered(frame(toGuest.credit, int(streamId) + int(1)), toGuest.credit);
  }
}

it("the time is the wall limit, but at least the minimum", () => {
  expect(new AfterAnswer({ wallMs: 5_000 }, () => 0).allowedMs).toBe(msMin);
  expect(new AfterAnswer({ wallMs: msMin + 1 }, () => 0).allowedMs).toBe(msMin + 1);
});

it("an answer without a stream is over when its time has passed, unless it holds a socket", () => {
  const answered = new Answered();
  const invocation = answered.answer(7, "", outcomeKind.continue);
  expect(answered.isOver(invocation)).toBe(false);
  answered.nowMs = msMin + 1;
  expect([answered.isOver(invocation), answered.isOver(invocation, [7])]).toEqual([true, false]);
  answered.after.restart(invocation);
  expect(answered.isOver(invocation)).toBe(false);
});

it.each([
  [
    "the guest ended",
    (after: AfterAnswer): void => {
      after.said(readerOf(frame(fromGuest.end, int(5))));
    },
  ],
  [
    "the guest broke off",
    (after: AfterAnswer): void => {
      after.said(readerOf(frame(fromGuest.fail, int(5) + text("no"))));
    },
  ],
  [
    "the front stopped",
    (after: AfterAnswer): void => {
      after.delivered(frame(toGuest.stop, int(5)), toGuest.stop);
    },
  ],
])("a stream that is read holds its invocation until %s it, and the time begins then", (_, end) => {
  const answered = new Answered();
  const invocation = answered.answer(7, streamed(5));
  answered.credit(5);
  answered.nowMs = 10 * msMin;
  expect(answered.isOver(invocation)).toBe(false);
  end(answered.after);
  answered.nowMs += msMin;
  expect(answered.isOver(invocation)).toBe(false);
  answered.nowMs += 1;
  expect(answered.isOver(invocation)).toBe(true);
});

it("a stream that the front never asked for holds nobody", () => {
  const answered = new Answered();
  const invocation = answered.answer(7, streamed(5));
  answered.credit(6);
  answered.nowMs = msMin + 1;
  expect(answered.isOver(invocation)).toBe(true);
});

it("two answers with one stream: only the last is held by it", () => {
  const answered = new Answered();
  const [first, second] = [answered.answer(7, streamed(5)), answered.answer(8, streamed(5))];
  answered.credit(5);
  answered.nowMs = msMin + 1;
  expect([answered.isOver(first), answered.isOver(second)]).toEqual([true, false]);
});

it.each([
  ["no payload", ""],
  ["an unknown body", int(200) + text("") + int(77)],
])("an answer that the front will refuse (%s) has its time, too", (_, payload) => {
  const answered = new Answered();
  const invocation = answered.answer(7, payload);
  answered.nowMs = msMin + 1;
  expect(answered.isOver(invocation)).toBe(true);
});
