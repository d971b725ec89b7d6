import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CallQueue } from "../../../control-plane/calls/call-queue.ts";
import { openSqliteCallQueue } from "../../../control-plane/calls/sqlite-call-queue.ts";
import { answerError } from "../../../control-plane/rest/error-answer.ts";
import { openDatabase } from "../../../control-plane/store/sqlite.ts";
import { describeCallQueue } from "./call-queue-contract.ts";
import { endless, ended, newCall } from "./new-call.ts";
import { QueueClock } from "./queue-clock.ts";

describeCallQueue("SQLite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "selvage-calls-"));
  return {
    open: (clock) => Promise.resolve(openSqliteCallQueue({ file: join(folder, "calls.sqlite"), clock })),
    remove: () => rm(folder, { recursive: true }),
  };
});

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-calls-"));
  file = join(folder, "calls.sqlite");
});
afterEach(() => rm(folder, { recursive: true }));

const clock = new QueueClock();
const outcomes = async (queue: CallQueue, ids: readonly string[], event = "{}"): Promise<readonly string[]> => {
  const settled = await Promise.allSettled(ids.map((id) => queue.accept(newCall(id, { event }))));
  return settled.map((outcome) =>
    outcome.status === "fulfilled" ? "accepted" : (outcome.reason as { code: string }).code,
  );
};

describe("a full call queue", () => {
  it("refuses one call more than may wait, and takes another when one has left", async () => {
    const queue = openSqliteCallQueue({ file, clock, waitingMax: 2 });
    expect(await outcomes(queue, ["a", "b", "c"])).toEqual(["accepted", "accepted", "CALL_QUEUE_FULL"]);
    expect(await queue.get("c")).toBeNull();
    await queue.lease({ max: 1, room: endless });
    expect(await outcomes(queue, ["c"])).toEqual(["accepted"]);
    await queue.close();
  });

  it("on a full disk answers 507, keeps what it accepted and goes on ending calls", async () => {
    const queue = openSqliteCallQueue({ file, clock, pagesMax: 200 });
    const event = JSON.stringify("x".repeat(10_000));
    const ids = Array.from({ length: 100 }, (_, index) => `c${String(index).padStart(3, "0")}`);
    const told: string[] = [];
    for (const id of ids) told.push(...(await outcomes(queue, [id], event)));
    const accepted = ids.filter((_, index) => told[index] === "accepted");
    expect(accepted.length).toBeGreaterThan(10);
    expect(told.at(-1)).toBe("STORE_FULL");
    expect(answerError(await queue.accept(newCall("x", { event })).catch((error: unknown) => error), "r").status).toBe(
      507,
    );
    const leased = await queue.lease({ max: 5, room: endless });
    expect(leased.map(({ id }) => id)).toEqual(accepted.slice(0, 5));
    for (const { id } of leased) expect(await queue.end(id, ended("finish"))).toBe(true);
    expect(await outcomes(queue, ["fits"], event)).toEqual(["accepted"]);
    await queue.close();
    const again = openSqliteCallQueue({ file, clock });
    const rest = await again.lease({ max: 1_000, room: endless });
    expect(rest.map(({ id }) => id)).toEqual([...accepted.slice(5), "fits"]);
    await again.close();
  });

  it("refuses of several that arrive at once only those that do not fit", async () => {
    const queue = openSqliteCallQueue({ file, clock, pagesMax: 60 });
    const small = ["a", "b"].map((id) => queue.accept(newCall(id)));
    const large = queue.accept(newCall("large", { event: JSON.stringify("x".repeat(262_000)) }));
    await expect(large).rejects.toMatchObject({ code: "STORE_FULL" });
    await Promise.all(small);
    expect((await queue.lease({ max: 9, room: endless })).map(({ id }) => id)).toEqual(["a", "b"]);
    await queue.close();
  });
});

describe("openSqliteCallQueue()", () => {
  it("refuses a file that another one has open, and one of a newer form", async () => {
    const queue = openSqliteCallQueue({ file, clock });
    expect(() => openSqliteCallQueue({ file, clock })).toThrow("another process has it open");
    await queue.close();
    const database = openDatabase(file);
    database.prepare("pragma user_version = 99").run([]);
    database.close();
    expect(() => openSqliteCallQueue({ file, clock })).toThrow("it has form 99, this program knows 1");
  });

  it("refuses what comes after it was closed", async () => {
    const queue = openSqliteCallQueue({ file, clock });
    await queue.close();
    await expect(queue.accept(newCall("a"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});
