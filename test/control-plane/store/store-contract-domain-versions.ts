/** The part of the store's contract about versions of domains. */
import { describe, expect, it } from "vitest";
import type { DomainRow, DomainVersionRow, Store } from "../../../control-plane/store.ts";
import { domainLimits } from "../../../sdk/cdn-limits.ts";
import { duplicate, reference } from "./store-refusals.ts";

/** `row` is a domain to put; functions its rules name exist. */
export function describeDomainVersions(store: () => Store, row: DomainRow): void {
  const { domain } = row.config;
  const version = (number: number, changes: Partial<DomainVersionRow> = {}): DomainVersionRow => ({
    domain,
    version: number,
    createdAt: row.updatedAt,
    author: { tokenId: "t1", name: "ci" },
    comment: `number ${String(number)}`,
    config: { ...row.config, origin_receive_timeout: number },
    rules: row.rules,
    ...changes,
  });
  const insert = (...rows: readonly DomainVersionRow[]): Promise<void> =>
    store().change(async ({ domains, domainVersions }) => {
      await domains.put(row);
      for (const entry of rows) await domainVersions.insert(entry);
    });

  describe("versions of domains", () => {
    it("come back as they were inserted, and are listed newest first without their documents", async () => {
      await insert(version(1), version(2));
      const read = await store().read(async ({ domainVersions }) => ({
        one: await domainVersions.get(domain, 1),
        none: await domainVersions.get(domain, 3),
        other: await domainVersions.get("other.example.com", 1),
        list: await domainVersions.list(domain),
      }));
      expect([read.one, read.none, read.other]).toEqual([version(1), null, null]);
      const { config: _config, rules: _rules, ...summary } = version(2);
      expect(read.list.map(({ version: number }) => number)).toEqual([2, 1]);
      expect(read.list[0]).toEqual(summary);
    });

    it("cannot be inserted twice, nor for a domain that does not exist", async () => {
      await insert(version(1));
      await expect(insert(version(1, { comment: "other" }))).rejects.toMatchObject(duplicate);
      await expect(insert(version(1, { domain: "none.example.com" }))).rejects.toMatchObject(reference);
    });

    it("keep the newest and forget those before", async () => {
      const max = domainLimits.versionsPerDomainMax;
      await insert(...Array.from({ length: max + 3 }, (_, index) => version(index + 1)));
      const list = await store().read(({ domainVersions }) => domainVersions.list(domain));
      expect([list.length, list[0]?.version, list.at(-1)?.version]).toEqual([max, max + 3, 4]);
    });

    it("are gone with their domain", async () => {
      await insert(version(1));
      await store().change(({ domains }) => domains.delete(domain));
      expect(await store().read(({ domainVersions }) => domainVersions.list(domain))).toEqual([]);
    });
  });
}
