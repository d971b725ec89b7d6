/** The part of the store's contract about clients of FunctionGraph: what they say of functions, and the keys they sign with. */
import { describe, expect, it } from "vitest";
import type { AccessKeyRow, FgsFunctionRow } from "../../../control-plane/functiongraph/fgs-row.ts";
import type { Store } from "../../../control-plane/store.ts";
import { fgsLimits } from "../../../sdk/fgs-limits.ts";
import { versionRow } from "./version-row.ts";

const createdAt = "2026-01-02T03:04:05.678Z";

function row(change: Partial<FgsFunctionRow> = {}): FgsFunctionRow {
  return {
    function: "hello",
    package: "default",
    runtime: "Node.js18.15",
    handler: "index.handler",
    initializer: { handler: "index.init", timeoutSeconds: 3 },
    timeoutSeconds: 30,
    memoryMiB: 128,
    codeType: "zip",
    codeFilename: "index.zip",
    codeBlob: "a".repeat(64),
    codeBytes: 17,
    codeDigest: "b".repeat(128),
    concurrency: 1,
    instancesMax: -1,
    tags: [{ key: "team", value: "edge" }],
    events: [{ id: "e1", name: "blank", content: "e30=", lastModified: 1 }],
    triggers: [],
    dependencies: { pad: 3 },
    aliasDescriptions: { prod: "what is served" },
    kept: { xrole: "r" },
    drafts: 1,
    namedContent: null,
    modifiedAt: createdAt,
    ...change,
  };
}

const key = (id: string, at = createdAt): AccessKeyRow => ({
  id,
  name: "sdk",
  role: "publisher",
  encryptedSecret: "enc1.x",
  createdAt: at,
});

export function describeFunctiongraph(store: () => Store): void {
  describe("functions of FunctionGraph's clients", () => {
    it("come back as they were put, the last time, by name", async () => {
      await store().change(async ({ functions, fgsFunctions }) => {
        await functions.insert({ name: "another", description: "", enabled: true, createdAt });
        await fgsFunctions.put(row());
        await fgsFunctions.put(row({ function: "another" }));
        await fgsFunctions.put(row({ drafts: 2 }));
      });
      const { found, none, all } = await store().read(async ({ fgsFunctions }) => ({
        found: await fgsFunctions.get("hello"),
        none: await fgsFunctions.get("none"),
        all: await fgsFunctions.list(),
      }));
      expect([found, none, all.map((one) => one.function)]).toEqual([row({ drafts: 2 }), null, ["another", "hello"]]);
    });

    it("need their function, and go with it", async () => {
      const put = store().change(({ fgsFunctions }) => fgsFunctions.put(row({ function: "none" })));
      await expect(put).rejects.toMatchObject({ reason: "reference" });
      await store().change(async ({ functions, fgsFunctions }) => {
        await fgsFunctions.put(row());
        await functions.delete("hello");
      });
      expect(await store().read(({ fgsFunctions }) => fgsFunctions.list())).toEqual([]);
    });

    it("have their newest versions on the nodes, named or not, and no more", async () => {
      const count = fgsLimits.versionsMax + 5;
      await store().change(async ({ versions }) => {
        for (let number = 1; number <= count; number++) await versions.insert(versionRow({ version: `v${number}` }));
      });
      const referenced = async (): Promise<readonly string[]> =>
        (await store().read(({ versions }) => versions.listReferenced())).map(({ version }) => version);
      expect(await referenced()).toEqual([`v${count}`]);
      await store().change(({ fgsFunctions }) => fgsFunctions.put(row()));
      const newest = Array.from({ length: fgsLimits.versionsMax + 1 }, (_, index) => `v${index + 5}`);
      expect(await referenced()).toEqual(newest);
    });
  });

  describe("access keys", () => {
    it("are inserted once, listed oldest first, and deleted", async () => {
      await store().change(async ({ accessKeys }) => {
        await accessKeys.insert(key("B"));
        await accessKeys.insert(key("A", "2026-01-03T00:00:00.000Z"));
      });
      const twice = store().change(({ accessKeys }) => accessKeys.insert(key("A")));
      await expect(twice).rejects.toMatchObject({ reason: "duplicate" });
      const list = (): Promise<readonly AccessKeyRow[]> => store().read(({ accessKeys }) => accessKeys.list());
      expect((await list()).map(({ id }) => id)).toEqual(["B", "A"]);
      await store().change(({ accessKeys }) => accessKeys.delete("B"));
      const found = await store().read(async ({ accessKeys }) => [
        await accessKeys.get("A"),
        await accessKeys.get("B"),
      ]);
      expect(found).toEqual([key("A", "2026-01-03T00:00:00.000Z"), null]);
    });
  });
}
