import { describe, expect, it } from "vitest";
import { frame, int, text } from "../../runtime/bridge/frame.ts";
import { toGuest } from "../../runtime/bridge/protocol.ts";
import { CpuAccount } from "../../runtime/isolates/cpu-account.ts";
import { SocketLedger } from "../../runtime/isolates/socket-ledger.ts";
import { socketLimits } from "../../sdk/limits.ts";

const opened = (id: number, invocation: number): string => frame(toGuest.socketOpened, int(id) + int(invocation));
const message = (id: number): string => frame(toGuest.socketMessage, int(id) + int(0) + text("x"));
const closed = (id: number): string => frame(toGuest.socketClosed, int(id) + int(1000) + text("") + int(1));

describe("SocketLedger", () => {
  it("renews an invocation for the first message on its way, not for those behind it", () => {
    const ledger = new SocketLedger();
    expect(ledger.delivered(opened(1, 7))).toBe(7);
    expect([ledger.delivered(message(1)), ledger.delivered(message(1))]).toEqual([7, null]);
    expect([ledger.handled(1), ledger.handled(1)]).toEqual([7, 7]);
    expect(ledger.delivered(message(1))).toBe(7);
  });

  it("does not believe a guest that handled more than it was given, or other sockets", () => {
    const ledger = new SocketLedger();
    ledger.delivered(opened(1, 7));
    expect([ledger.handled(1), ledger.handled(2), ledger.delivered(message(2))]).toEqual([null, null, null]);
  });

  it("counts the sockets that have nothing to handle", () => {
    const ledger = new SocketLedger();
    ledger.delivered(opened(1, 7));
    ledger.delivered(opened(2, 8));
    ledger.delivered(message(1));
    expect(ledger.quiet).toBe(1);
    ledger.delivered(closed(1));
    expect(ledger.quiet).toBe(1);
    ledger.ended(8);
    expect([ledger.quiet, ledger.isEmpty]).toEqual([0, true]);
  });

  it("asks at most once in its time, not while it waits for the answer, and never without sockets", async () => {
    const ledger = new SocketLedger();
    const { cpuRenewalMs } = socketLimits;
    expect(ledger.isDue(cpuRenewalMs)).toBe(false);
    ledger.delivered(opened(1, 7));
    expect([ledger.isDue(cpuRenewalMs - 1), ledger.isDue(cpuRenewalMs)]).toEqual([false, true]);
    const answer = Promise.withResolvers<void>();
    const renewed = ledger.probe(
      () => answer.promise,
      () => 2 * cpuRenewalMs,
    );
    expect(ledger.isDue(5 * cpuRenewalMs)).toBe(false);
    answer.resolve();
    expect([...(await renewed)]).toEqual([7]);
    expect([ledger.isDue(3 * cpuRenewalMs - 1), ledger.isDue(3 * cpuRenewalMs)]).toEqual([false, true]);
  });
});

describe("CpuAccount", () => {
  it("allows each its limit, and once more for each that ran beside it", () => {
    const account = new CpuAccount(1_000);
    const first = account.begin(0);
    account.charge(10);
    expect([account.exceeds(first, 10), account.exceeds(first, 9)]).toEqual([false, true]);
    const second = account.begin(1);
    account.charge(20);
    expect([account.exceeds(first, 15), account.exceeds(first, 14)]).toEqual([false, true]);
    expect([account.exceeds(second, 10), account.exceeds(second, 9)]).toEqual([false, true]);
  });

  it("takes fewer than none beside it for none", () => {
    const account = new CpuAccount(1_000);
    const mark = account.begin(-3);
    account.charge(11);
    expect(account.exceeds(mark, 10)).toBe(true);
  });
});
