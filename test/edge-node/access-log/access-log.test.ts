import { describe, expect, it } from "vitest";
import { AccessLog, type LogOutput } from "../../../edge-node/access-log/access-log.ts";
import { Exchange } from "../../../edge-node/pipeline/exchange.ts";
import { parseWireUrl } from "../../../edge-node/pipeline/wire-url.ts";
import { emptyBody } from "../../../runtime/body.ts";
import { accessLogLimits } from "../../../sdk/cdn-limits.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

class Kept implements LogOutput {
  readonly batches: string[] = [];
  isClosed = false;
  /** What becomes of a batch. */
  take: () => Promise<void> = () => Promise.resolve();

  async write(lines: string): Promise<void> {
    await this.take();
    this.batches.push(lines);
  }
  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function setUp(random: () => number = () => 0.5) {
  const clock = new FakeClock();
  const output = new Kept();
  const logger = new RecordingLogger();
  const log = new AccessLog({ node: "n", output, clock, random, logger });
  /** One answer of a domain with this sampling. */
  const answer = (id: string, { status = 200, sampling = 1 } = {}): void => {
    const request = log.open({ status: "on", sampling });
    if (request === null) throw new Error("not logged");
    log.add(exchangeOf(id), {
      request,
      status,
      bytes: 0,
      durationMs: 1,
      firstByteMs: 1,
      protocol: "http/1.1",
      tls: null,
    });
  };
  const ids = (): readonly string[] =>
    output.batches
      .join("")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => (JSON.parse(line) as { requestId: string }).requestId);
  return { clock, output, logger, log, answer, ids };
}

function exchangeOf(requestId: string): Exchange {
  const url = parseWireUrl("http://site.test/");
  if (url === null) throw new Error("no URL");
  const client = { method: "GET", url, headers: "", body: emptyBody };
  return new Exchange({ client, requestId, clientIp: "", domain: undefined, cdnLoop: "", socketProtocols: null });
}

describe("AccessLog", () => {
  it("writes what came within half a second at once", async () => {
    const { clock, output, answer, ids } = setUp();
    answer("a");
    answer("b");
    expect(output.batches).toEqual([]);
    await clock.advance(accessLogLimits.flushMs);
    expect(output.batches).toHaveLength(1);
    expect(ids()).toEqual(["a", "b"]);
    answer("c");
    await clock.advance(accessLogLimits.flushMs);
    expect(ids()).toEqual(["a", "b", "c"]);
  });

  it("leaves out domains that keep no log", () => {
    expect(setUp().log.open({ status: "off", sampling: 1 })).toBeNull();
  });

  it("takes the share of requests that the domain says, and every answer of 500 and more", async () => {
    const numbers = [0.1, 0.3, 0.24999, 0.9, 0.25];
    const { log, answer, ids } = setUp(() => numbers.shift() ?? 1);
    for (const id of ["a", "b", "c"]) answer(id, { sampling: 0.25 });
    answer("d", { sampling: 0.25, status: 502 });
    answer("e", { sampling: 0.25, status: 499 });
    await log.flush();
    expect(ids()).toEqual(["a", "c", "d"]);
  });

  it("asks for no random number when all are taken", () => {
    const { answer } = setUp(() => {
      throw new Error("asked");
    });
    expect(() => answer("a")).not.toThrow();
  });

  it("writes one batch at a time, and drops and counts what it cannot hold", async () => {
    const { clock, output, log, answer } = setUp();
    const gate = Promise.withResolvers<void>();
    output.take = () => gate.promise;
    answer("first");
    await clock.advance(accessLogLimits.flushMs);
    let added = 0;
    while (log.counts.dropped === 0) {
      answer(`x${added++}`);
    }
    expect(added).toBeGreaterThan(1_000);
    gate.resolve();
    output.take = () => Promise.resolve();
    await settle();
    expect(output.batches).toHaveLength(2);
    expect(log.counts).toEqual({ written: added, dropped: 1 });
    answer("after");
    await log.flush();
    expect(log.counts).toEqual({ written: added + 1, dropped: 1 });
  });

  it("goes on after a write that failed, counts its lines and says it once", async () => {
    const { output, logger, log, answer, ids } = setUp();
    output.take = () => Promise.reject(new Error("the disk is full"));
    answer("a");
    await log.flush();
    answer("b");
    await log.flush();
    expect(log.counts).toEqual({ written: 0, dropped: 2 });
    expect(logger.count("access_log.failed")).toBe(1);
    output.take = () => Promise.resolve();
    answer("c");
    await log.close();
    expect(ids()).toEqual(["c"]);
    expect(output.isClosed).toBe(true);
  });
});
