import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuditedCall, AuditTrail } from "../../../control-plane/audit/audit-trail.ts";
import { AuditService } from "../../../control-plane/audit/audit-service.ts";
import type { NewAuditRecord, Store } from "../../../control-plane/store.ts";
import { openSqliteStore } from "../../../control-plane/store/sqlite.ts";
import { FakeClock } from "../fake-clock.ts";

let inner: Store;
let store: Store;
let trail: AuditTrail;
let clock: FakeClock;
beforeEach(async () => {
  inner = await openSqliteStore({ file: ":memory:", openedAt: "" });
  trail = new AuditTrail();
  store = trail.over(inner);
  clock = new FakeClock();
});
afterEach(() => inner.close());

const record = (requestId: string): NewAuditRecord => ({
  time: new Date(clock.now()).toISOString(),
  actor: "ci",
  tokenId: "t1",
  action: "createFunction",
  resource: "function/hello",
  detail: "",
  level: "normal",
  outcome: "success",
  code: null,
  requestId,
});
const callOf = (requestId: string): AuditedCall => new AuditedCall(() => record(requestId));
const found = async (): Promise<string[]> =>
  (await inner.read(({ audit }) => audit.list({}, { before: null, limit: 10 }))).map(
    ({ requestId, resource }) => `${requestId} ${resource}`,
  );

describe("AuditTrail", () => {
  it("records a request with its change, once however many changes it makes", async () => {
    await trail.run(callOf("r1"), async () => {
      await store.change(() => Promise.resolve());
      await store.change(() => Promise.resolve());
    });
    expect(await found()).toEqual(["r1 function/hello"]);
  });

  it("records nothing of a change that was undone, and the next one that was not", async () => {
    const call = callOf("r1");
    await trail.run(call, async () => {
      await expect(store.change(() => Promise.reject(new Error("undone")))).rejects.toThrow("undone");
      expect([await found(), call.isRecorded]).toEqual([[], false]);
      await store.change(() => Promise.resolve());
    });
    expect(await found()).toEqual(["r1 function/hello"]);
  });

  it("undoes a change that cannot be recorded", async () => {
    const call = new AuditedCall(() => {
      throw new Error("no record");
    });
    const changing = trail.run(call, () =>
      store.change(({ functions }) => functions.insert({ name: "f", description: "", enabled: true, createdAt: "" })),
    );
    await expect(changing).rejects.toThrow("no record");
    expect(await inner.read(({ functions }) => functions.list())).toEqual([]);
  });

  it("keeps requests apart that run at once, and says what each is about", async () => {
    const request = (id: string): Promise<void> =>
      trail.run(callOf(id), async () => {
        await Promise.resolve();
        await store.change(async () => {
          await Promise.resolve();
          trail.name(`function/${id}`);
        });
      });
    await Promise.all(["a", "b", "c"].map(request));
    expect((await found()).sort()).toEqual(["a function/a", "b function/b", "c function/c"]);
  });

  it("records nothing of what belongs to no request", async () => {
    trail.name("nothing");
    await store.change(() => Promise.resolve());
    expect(await found()).toEqual([]);
  });
});

describe("AuditService", () => {
  it("forgets what is older than it should be kept", async () => {
    const service = new AuditService({ store, clock, keepDays: 7 });
    await service.add(record("old"));
    clock.advance(8 * 86_400_000);
    await service.add(record("new"));
    await service.add(record("newer"));
    expect(await service.sweep()).toBe(1);
    expect(await found()).toEqual(["newer function/hello", "new function/hello"]);
  });
});
