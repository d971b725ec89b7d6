/** Claims about request bodies of the TLS port; what is slow is judged by the node's own clock. */
import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { StreamBody } from "../../../edge-node/front/stream-body.ts";
import { silentLogger } from "../../../edge-node/logger.ts";
import { tlsLimits } from "../../../sdk/cdn-limits.ts";
import { messageLimits } from "../../../sdk/limits.ts";
import { ManualClock } from "../support/edge.ts";

const { bodyPeriodMs, bodyPeriodBytesMin } = tlsLimits;

interface Upload {
  readonly clock: ManualClock;
  readonly send: (bytes: number) => Promise<void>;
  readonly end: () => void;
  /** Reads to the end: how many bytes came, and the code of what went wrong. */
  readonly read: () => Promise<readonly [number, string | null]>;
}

function upload(): Upload {
  const stream = new PassThrough({ highWaterMark: 10 * messageLimits.bodyWindowBytes });
  const clock = new ManualClock();
  const { body } = new StreamBody(stream, { lengthBytes: undefined, isWhole: () => true, clock, logger: silentLogger });
  return {
    clock,
    send: async (bytes) => {
      stream.write(Buffer.alloc(bytes));
      await turn();
    },
    end: () => stream.end(),
    read: async () => {
      let count = 0;
      if (body.kind !== "stream") return [count, body.kind];
      try {
        for await (const chunk of body.chunks) count += chunk.byteLength;
        return [count, null];
      } catch (error) {
        return [count, String((error as { code?: unknown }).code)];
      }
    },
  };
}

describe("a client that sends its body", () => {
  it("in time is read to the end", async () => {
    const { clock, send, end, read } = upload();
    const outcome = read();
    for (let period = 0; period < 3; period++) {
      await send(bodyPeriodBytesMin);
      clock.advance(bodyPeriodMs);
    }
    end();
    expect(await outcome).toEqual([3 * bodyPeriodBytesMin, null]);
    expect(clock.timers).toBe(0);
  });

  it("by the byte is given up after a period", async () => {
    const { clock, send, read } = upload();
    const outcome = read();
    for (let second = 0; second < bodyPeriodMs / 1_000; second++) {
      await send(1);
      clock.advance(1_000);
    }
    expect(await outcome).toEqual([bodyPeriodMs / 1_000, "REQUEST_ABORTED"]);
    expect(clock.timers).toBe(0);
  });

  it("not at all is given up after a period, also when it was quick before", async () => {
    const silent = upload();
    const unsent = silent.read();
    silent.clock.advance(bodyPeriodMs);
    expect(await unsent).toEqual([0, "REQUEST_ABORTED"]);
    const stopped = upload();
    const broken = stopped.read();
    await stopped.send(bodyPeriodBytesMin);
    stopped.clock.advance(bodyPeriodMs);
    stopped.clock.advance(bodyPeriodMs);
    expect(await broken).toEqual([bodyPeriodBytesMin, "REQUEST_ABORTED"]);
  });

  it("to nobody who reads is waited for as long as he does not", async () => {
    const { clock, send, end, read } = upload();
    const bytes = 2 * messageLimits.bodyWindowBytes;
    await send(bytes);
    for (let period = 0; period < 5; period++) clock.advance(bodyPeriodMs);
    const outcome = read();
    await turn();
    end();
    expect(await outcome).toEqual([bytes, null]);
  });
});
