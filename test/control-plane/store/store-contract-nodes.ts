/** The part of the store's contract about nodes and what they acknowledge. */
import { describe, expect, it } from "vitest";
import { acksPerNodeMax, type Store } from "../../../control-plane/store.ts";

const createdAt = "2026-01-02T03:04:05.678Z";
const registration = {
  name: "n1",
  selvageVersion: "0.1.0",
  nodeVersion: "v24.0.0",
  runtimeKey: "13.6-x64",
  driver: "process",
} as const;
const ack = (revision: number, changes: object = {}) => ({
  node: "n1",
  revision,
  applyMs: 1.5,
  failures: [],
  ackedAt: createdAt,
  ...changes,
});

export function describeNodes(store: () => Store): void {
  describeRegistration(store);
  describeAcknowledgements(store);
}

function describeRegistration(store: () => Store): void {
  describe("nodes", () => {
    it("keep their revision when they register again", async () => {
      await store().change(async ({ nodes }) => {
        await nodes.register(registration, createdAt);
        await nodes.acknowledge(ack(3));
        await nodes.register({ ...registration, driver: "in-process" }, "2026-01-03T00:00:00.000Z");
        await nodes.setSeen("n1", "2026-01-04T00:00:00.000Z");
      });
      expect(await store().read(({ nodes }) => nodes.list())).toEqual([
        { ...registration, driver: "in-process", revision: 3, lastSeenAt: "2026-01-04T00:00:00.000Z" },
      ]);
    });

    it("never go back to an older revision", async () => {
      await store().change(async ({ nodes }) => {
        await nodes.register(registration, createdAt);
        await nodes.acknowledge(ack(3));
        await nodes.acknowledge(ack(2));
      });
      expect((await store().read(({ nodes }) => nodes.get("n1")))?.revision).toBe(3);
    });
  });
}

function describeAcknowledgements(store: () => Store): void {
  describe("acknowledgements of nodes", () => {
    it("answer with the first acknowledgement at or after a revision", async () => {
      await store().change(async ({ nodes }) => {
        await nodes.register(registration, createdAt);
        await nodes.register({ ...registration, name: "n2" }, createdAt);
        for (const revision of [1, 4, 6]) await nodes.acknowledge(ack(revision));
        await nodes.acknowledge(ack(2, { node: "n2" }));
      });
      const since = await store().read(({ nodes }) => nodes.acksSince(2));
      expect(since.map(({ node, revision }) => [node, revision])).toEqual([
        ["n1", 4],
        ["n2", 2],
      ]);
    });

    it("have a newest one for each node", async () => {
      const refused = [{ certificate: "www", code: "CERTIFICATE_REFUSED", message: "no" }] as const;
      await store().change(async ({ nodes }) => {
        await nodes.register({ ...registration, name: "n2" }, createdAt);
        await nodes.register(registration, createdAt);
        for (const revision of [1, 6, 4]) await nodes.acknowledge(ack(revision));
        await nodes.acknowledge(ack(2, { node: "n2", failures: refused }));
      });
      expect(await store().read(({ nodes }) => nodes.newestAcks())).toEqual([
        ack(6),
        ack(2, { node: "n2", failures: refused }),
      ]);
    });

    it("keep the first time and the last failures of a repeated acknowledgement", async () => {
      const failures = [{ function: "hello", version: "v1", code: "FUNCTION_LOAD_FAILED", message: "no" }] as const;
      await store().change(async ({ nodes }) => {
        await nodes.register(registration, createdAt);
        await nodes.acknowledge(ack(1));
        await nodes.acknowledge(ack(1, { failures, ackedAt: "2026-02-01T00:00:00.000Z" }));
      });
      expect(await store().read(({ nodes }) => nodes.acksSince(1))).toEqual([ack(1, { failures })]);
    });

    it("keep a bounded number of acknowledgements", async () => {
      await store().change(async ({ nodes }) => {
        await nodes.register(registration, createdAt);
        for (let revision = 1; revision <= acksPerNodeMax + 5; revision++) await nodes.acknowledge(ack(revision));
      });
      const [first] = await store().read(({ nodes }) => nodes.acksSince(0));
      expect(first?.revision).toBe(6);
    });

    it("are gone with their acknowledgements when deleted", async () => {
      await store().change(async ({ nodes }) => {
        await nodes.register(registration, createdAt);
        await nodes.acknowledge(ack(1));
        await nodes.delete("n1");
      });
      const left = await store().read(async ({ nodes }) => [await nodes.count(), await nodes.acksSince(0)]);
      expect(left).toEqual([0, []]);
    });
  });
}
