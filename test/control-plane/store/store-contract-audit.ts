import { describe, expect, it } from "vitest";
import type { NewAuditRecord, Store } from "../../../control-plane/store.ts";
import type { AuditFilter } from "../../../sdk/audit.ts";

function record(changes: Partial<NewAuditRecord> = {}): NewAuditRecord {
  return {
    time: "2026-01-02T00:00:00.000Z",
    actor: "ci",
    tokenId: "t1",
    action: "createFunction",
    resource: "function/hello",
    detail: "",
    level: "normal",
    outcome: "success",
    code: null,
    requestId: "r1",
    ...changes,
  };
}

export function describeAudit(getStore: () => Store): void {
  const add = (...records: readonly Partial<NewAuditRecord>[]): Promise<void> =>
    getStore().change(async ({ audit }) => {
      for (const changes of records) await audit.add(record(changes));
    });
  const requests = async (filter: AuditFilter, page: { before?: number; limit?: number } = {}): Promise<string[]> => {
    const { before = null, limit = 100 } = page;
    const records = await getStore().read(({ audit }) => audit.list(filter, { before, limit }));
    return records.map(({ requestId }) => requestId);
  };

  describe("audit", () => {
    it("gives back records as they were added, newest first, a page at a time", async () => {
      await add({ code: "CONFLICT", detail: "=1+1", outcome: "refused" }, { requestId: "r2" }, { requestId: "r3" });
      expect(await requests({})).toEqual(["r3", "r2", "r1"]);
      const [, , first] = await getStore().read(({ audit }) => audit.list({}, { before: null, limit: 3 }));
      expect(first).toEqual({ sequence: 1, ...record({ code: "CONFLICT", detail: "=1+1", outcome: "refused" }) });
      expect(await requests({}, { limit: 2 })).toEqual(["r3", "r2"]);
      expect(await requests({}, { before: 2 })).toEqual(["r1"]);
    });

    it.each<[AuditFilter, string[]]>([
      [{ from: "2026-01-02T00:00:00.000Z" }, ["c", "b"]],
      [{ to: "2026-01-02T00:00:00.000Z" }, ["a"]],
      [{ actor: "ci" }, ["a"]],
      [{ action: "deleteFunction" }, ["b"]],
      [{ resource: "function/hello" }, ["b", "a"]],
      [{ resource: "function" }, ["c", "b", "a"]],
      [{ resource: "function/hell", actor: "c" }, []],
      [{ level: "warning" }, ["b"]],
      [{ outcome: "failed" }, ["c"]],
      [{ resource: "function/hello", level: "normal", actor: "ci" }, ["a"]],
    ])("finds by %j", async (filter, expected) => {
      await add(
        { requestId: "a", time: "2026-01-01T23:59:59.999Z" },
        {
          requestId: "b",
          actor: "ann",
          action: "deleteFunction",
          resource: "function/hello/alias/live",
          level: "warning",
        },
        {
          requestId: "c",
          actor: "bob",
          resource: "function/hello2",
          outcome: "failed",
          time: "2026-01-03T00:00:00.000Z",
        },
      );
      expect(await requests(filter)).toEqual(expected);
    });

    it("forgets what is too old, but never the newest", async () => {
      await add({ requestId: "a", time: "2026-01-01T00:00:00.000Z" }, { requestId: "b" }, { requestId: "c" });
      const forget = (time: string): Promise<number> => getStore().change(({ audit }) => audit.deleteBefore(time));
      expect(await forget("2026-01-01T12:00:00.000Z")).toBe(1);
      expect(await requests({})).toEqual(["c", "b"]);
      expect(await forget("2027-01-01T00:00:00.000Z")).toBe(1);
      await add({ requestId: "d" });
      const [newest] = await getStore().read(({ audit }) => audit.list({}, { before: null, limit: 1 }));
      expect(newest?.sequence).toBe(4);
    });

    it("leaves nothing of a change that failed", async () => {
      const failing = getStore().change(async ({ audit }) => {
        await audit.add(record());
        throw new Error("undone");
      });
      await expect(failing).rejects.toThrow("undone");
      expect(await requests({})).toEqual([]);
    });
  });
}
