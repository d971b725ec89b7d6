import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../../../control-plane/logger.ts";
import { openPostgresStore, type PostgresStore } from "../../../control-plane/store/postgres.ts";
import { findPostgres, startPostgres, type PostgresServer } from "../../support/postgres-server.ts";
import { describeBlobStore } from "../blobs/blob-store-contract.ts";

const openedAt = "2026-01-01T00:00:00.000Z";
const options = { kind: "artifact", durability: "durable", now: () => 7_000, logger: silentLogger } as const;

describe.runIf(findPostgres().kind === "available")("blobs in PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  describeBlobStore("PostgreSQL", async () => {
    const url = await server.createDatabase();
    const stores: PostgresStore[] = [];
    return {
      open: async () => {
        const store = await openPostgresStore({ url, openedAt });
        stores.push(store);
        return store.blobs(options);
      },
      remove: async () => {
        await Promise.all(stores.map((store) => store.close()));
      },
    };
  });

  it("keeps kinds apart", async () => {
    const store = await openPostgresStore({ url: await server.createDatabase(), openedAt });
    const sources = store.blobs({ ...options, kind: "source", durability: "best-effort" });
    const digest = await sources.put(Buffer.from("a"));
    expect(await store.blobs(options).read(digest)).toBeNull();
    await store.blobs(options).remove(digest);
    expect(await sources.read(digest)).not.toBeNull();
    await store.close();
  });

  it("never gives out bytes that were damaged, and takes them again", async () => {
    const url = await server.createDatabase();
    const store = await openPostgresStore({ url, openedAt });
    const digest = await store.blobs(options).put(Buffer.from("hello"));
    await server.query(url, "update blob_parts set content = 'hellO'");
    const blobs = store.blobs(options);
    expect(await blobs.read(digest)).toBeNull();
    await blobs.put(Buffer.from("hello"));
    expect(Buffer.from((await blobs.read(digest)) ?? []).toString()).toBe("hello");
    await store.close();
  });
});
