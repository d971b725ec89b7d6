import { describe, expect, it } from "vitest";
import { ControlError, type ControlFailure } from "../../../edge-node/control/control-client.ts";
import { RetryingSender } from "../../../edge-node/control/retrying-sender.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

interface Sending {
  readonly clock: FakeClock;
  readonly logger: RecordingLogger;
  readonly sender: RetryingSender;
  readonly attempts: () => number;
  readonly message: { current: boolean };
  readonly done: Promise<void>;
}

/** Sends a message whose first `failures` attempts fail for `reason`. */
function send(failures: number, reason: ControlFailure = "unreachable"): Sending {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const sender = new RetryingSender({ clock, random: () => 0, logger });
  const message = { current: true };
  let attempts = 0;
  const done = sender.send("ack", {
    send: () =>
      ++attempts <= failures ? Promise.reject(new ControlError(reason, { message: "no" })) : Promise.resolve(),
    isCurrent: () => message.current,
  });
  return { clock, logger, sender, attempts: () => attempts, message, done };
}

describe("RetryingSender", () => {
  it("sends once when that works", async () => {
    const { attempts, done, clock } = send(0);
    await done;
    expect(attempts()).toBe(1);
    expect(clock.waits).toEqual([]);
  });

  it("tries again with growing waits while the control plane is away", async () => {
    const { attempts, clock, done, logger } = send(3);
    const waits: number[] = [];
    for (let failure = 0; failure < 3; failure++) {
      await settle();
      waits.push(clock.waits[0] ?? 0);
      await clock.advance(waits.at(-1) ?? 0);
    }
    await done;
    expect(waits).toEqual([25, 50, 100]);
    expect(attempts()).toBe(4);
    expect(logger.count("control.message.lost")).toBe(0);
  });

  it("gives up after six attempts and says so", async () => {
    const { attempts, clock, done, logger } = send(100);
    await clock.advance(60_000);
    await done;
    expect(attempts()).toBe(6);
    expect(logger.count("control.message.lost")).toBe(1);
  });

  it.each<[ControlFailure]>([["refused"], ["unauthenticated"], ["missing"]])(
    "does not repeat what was %s",
    async (reason) => {
      const { attempts, done, logger } = send(100, reason);
      await done;
      expect(attempts()).toBe(1);
      expect(logger.count("control.message.lost")).toBe(1);
    },
  );

  it("drops a message that a newer one made needless", async () => {
    const { attempts, clock, done, logger, message } = send(100);
    await settle();
    message.current = false;
    await clock.advance(60_000);
    await done;
    expect(attempts()).toBe(1);
    expect(logger.count("control.message.lost")).toBe(0);
  });

  it("stop() ends a wait", async () => {
    const { attempts, clock, done, sender } = send(100);
    await settle();
    sender.stop();
    await done;
    expect(attempts()).toBe(1);
    expect(clock.waits).toEqual([]);
  });
});
