/** The part of the store's contract about TLS certificates. */
import { describe, expect, it } from "vitest";
import type { CertificateRow, Store } from "../../../control-plane/store.ts";

const row = (name: string, changes: Partial<CertificateRow> = {}): CertificateRow => ({
  name,
  facts: {
    domains: [`${name}.example.com`],
    notBefore: "2026-01-01T00:00:00.000Z",
    notAfter: "2026-04-01T00:00:00.000Z",
    fingerprint: "f".repeat(64),
    keyType: "ec-prime256v1",
    issuer: "ca",
  },
  chain: "chain",
  encryptedKey: "enc1.a.b",
  updatedAt: "2026-01-02T03:04:05.678Z",
  ...changes,
});

export function describeCertificates(store: () => Store): void {
  describe("certificates", () => {
    it("are listed by name, replaced and deleted", async () => {
      await store().change(async ({ certificates }) => {
        await certificates.put(row("b"));
        await certificates.put(row("a"));
        await certificates.put(row("b", { chain: "renewed" }));
      });
      const read = () => store().read(async ({ certificates: all }) => [await all.list(), await all.count()]);
      expect(await read()).toEqual([[row("a"), row("b", { chain: "renewed" })], 2]);
      await store().change(({ certificates }) => certificates.delete("a"));
      const get = (name: string) => store().read(({ certificates }) => certificates.get(name));
      expect([await get("a"), await get("b")]).toEqual([null, row("b", { chain: "renewed" })]);
    });
  });
}
