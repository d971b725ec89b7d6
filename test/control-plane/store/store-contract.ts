/**
 * What every store must do, as one suite to run over each implementation.
 *
 * `open` gives the store over the same data each time it is called with the same place, so that durability can be checked.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DomainRow, Store } from "../../../control-plane/store.ts";
import type { DomainConfig } from "../../../sdk/domain.ts";
import type { Rule } from "../../../sdk/rule.ts";
import { describeDomainVersions } from "./store-contract-domain-versions.ts";
import { describeFunctiongraph } from "./store-contract-functiongraph.ts";
import { describeNodes } from "./store-contract-nodes.ts";
import { describeQuotas } from "./store-contract-quotas.ts";
import { describePurges } from "./store-contract-purges.ts";
import { describeStagedRollouts } from "./store-contract-staged-rollouts.ts";
import { describeReserved } from "./store-contract-reserved.ts";
import { describeAsyncConfigs } from "./store-contract-async-configs.ts";
import { describeAudit } from "./store-contract-audit.ts";
import { describeDependencies } from "./store-contract-dependencies.ts";
import { describeCertificates } from "./store-contract-certificates.ts";
import { describeSameness } from "./store-contract-sameness.ts";
import { describeTokens } from "./store-contract-tokens.ts";
import { defaultFunctionLimits, type FunctionLimits } from "../../../sdk/limits.ts";
import { versionRow } from "./version-row.ts";
import { duplicate, reference } from "./store-refusals.ts";

export interface StorePlace {
  open(): Promise<Store>;
  remove(): Promise<void>;
}

const createdAt = "2026-01-02T03:04:05.678Z";
const digest = (character: string): string => character.repeat(64);

function rule(changes: Partial<Rule> = {}): Rule {
  return {
    phase: "clientRequest",
    matchType: "all",
    function: "hello",
    alias: "live",
    priority: 10,
    enabled: true,
    stop: false,
    onError: "fail",
    ...changes,
  };
}

function domainRow(domain: string, rules: readonly Rule[] = []): DomainRow {
  const config: DomainConfig = {
    domain,
    enabled: true,
    sources: [],
    origin_protocol: "http",
    origin_receive_timeout: 30,
    origin_request_header: [],
    http_response_header: [],
    cache_rules: [],
    force_redirect: { status: "off", redirect_code: 302 },
  };
  return { config, rules, updatedAt: createdAt, version: 1 };
}

/** Runs the suite; `makePlace` gives an empty place for each test. */
export function describeStore(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name} as a store`, () => {
    let place: StorePlace;
    let store: Store;
    beforeEach(async () => {
      place = await makePlace();
      store = await place.open();
      await store.change(({ functions }) => functions.insert(hello));
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });
    const reopen = async (): Promise<void> => {
      await store.close();
      store = await place.open();
    };
    const current = (): Store => store;
    describeTransactions(current, reopen);
    describeFunctions(current);
    describeVersions(current);
    describeEarlierVersions(current);
    describeAliasesAndDomains(current);
    describeCertificates(current);
    describeDomainVersions(current, domainRow("www.example.com", [rule()]));
    describeAudit(current);
    describeQuotas(current);
    describeTokens(current);
    describeNodes(current);
    describePurges(current);
    describeStagedRollouts(current);
    describeFunctiongraph(current);
    describeRevisionsAndSettings(current, reopen);
    describeSameness(current);
    describeAsyncConfigs(current);
    describeDependencies(current);
    describeReserved(current);
  });
}

const hello = { name: "hello", description: "says hello", enabled: true, createdAt };

function describeTransactions(store: () => Store, reopen: () => Promise<void>): void {
  describe("change()", () => {
    it("leaves nothing behind when the work throws", async () => {
      const work = store().change(async ({ functions, settings }) => {
        await functions.insert({ ...hello, name: "other" });
        await settings.put("bootstrapped_at", "now");
        throw new Error("stop");
      });
      await expect(work).rejects.toThrow("stop");
      const found = await store().read(async (view) => [
        await view.functions.get("other"),
        await view.settings.get("bootstrapped_at"),
      ]);
      expect(found).toEqual([null, null]);
    });

    it("runs serially with other changes", async () => {
      const increments = Array.from({ length: 20 }, () =>
        store().change(async ({ revisions }) => (await revisions.next(createdAt)).revision),
      );
      expect(await Promise.all(increments)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    });

    it("is still there after the store was closed and opened again", async () => {
      await store().change(({ functions }) => functions.insert({ ...hello, name: "kept" }));
      await reopen();
      expect(await store().read(({ functions }) => functions.get("kept"))).toEqual({ ...hello, name: "kept" });
    });
  });

  describe("read()", () => {
    it("sees one state while changes go on", async () => {
      const seen = await store().read(async ({ revisions }) => {
        const before = await revisions.current();
        return [before, await revisions.current()];
      });
      expect(seen[0]).toEqual(seen[1]);
    });
  });
}

function describeFunctions(store: () => Store): void {
  describe("functions", () => {
    it("are listed by name and found by it", async () => {
      await store().change(({ functions }) => functions.insert({ ...hello, name: "a", enabled: false }));
      const [list, missing] = await store().read(async ({ functions }) => [
        await functions.list(),
        await functions.get("constructor"),
      ]);
      expect(list).toEqual([{ ...hello, name: "a", enabled: false }, hello]);
      expect(missing).toBeNull();
    });

    it("cannot be inserted twice", async () => {
      await expect(store().change(({ functions }) => functions.insert(hello))).rejects.toMatchObject(duplicate);
    });

    it("take a new description and state", async () => {
      await store().change(({ functions }) => functions.update("hello", { description: "new", enabled: false }));
      expect(await store().read(({ functions }) => functions.get("hello"))).toEqual({
        ...hello,
        description: "new",
        enabled: false,
      });
    });

    it("have an empty environment until one is set, then the last one set", async () => {
      const read = () => store().read(({ functions }) => functions.environment("hello"));
      expect(await read()).toEqual({ variables: {}, encryptedSecrets: null });
      const environment = { variables: { A: "1", constructor: "x" }, encryptedSecrets: "sealed" };
      await store().change(({ functions }) =>
        functions.setEnvironment("hello", { variables: {}, encryptedSecrets: "old" }),
      );
      await store().change(({ functions }) => functions.setEnvironment("hello", environment));
      expect(await read()).toEqual(environment);
    });

    it("take everything of theirs along when deleted", async () => {
      await store().change(async ({ functions, versions, aliases }) => {
        await functions.setEnvironment("hello", { variables: {}, encryptedSecrets: null });
        await versions.insert(versionRow());
        await versions.insert(versionRow({ version: "v2" }));
        await versions.delete("hello", "v2");
        await aliases.put({
          function: "hello",
          name: "live",
          version: "v1",
          grey: null,
          previous: [],
          updatedAt: createdAt,
        });
        await functions.delete("hello");
      });
      const left = await store().read(async ({ functions, versions, aliases }) => [
        await functions.list(),
        await versions.list("hello"),
        await versions.isNameTaken("hello", "v2"),
        await aliases.listAll(),
        (await versions.listBlobs()).size,
      ]);
      expect(left).toEqual([[], [], false, [], 0]);
    });
  });
}

function describeVersions(store: () => Store): void {
  const insert = (...names: readonly string[]): Promise<void> =>
    store().change(async ({ versions }) => {
      for (const version of names) await versions.insert(versionRow({ version }));
    });

  describe("versions", () => {
    it("come back as they were inserted", async () => {
      await insert("v1");
      const read = (version: string) => store().read(({ versions }) => versions.get("hello", version));
      expect([await read("v1"), await read("v2")]).toEqual([versionRow(), null]);
    });

    it("are listed newest first in the order of insertion", async () => {
      await insert("v3", "v1", "v2");
      const { list, latest, count } = await store().read(async ({ versions }) => ({
        list: await versions.list("hello"),
        latest: await versions.latest("hello"),
        count: await versions.count("hello"),
      }));
      expect(list.map(({ version }) => version)).toEqual(["v2", "v1", "v3"]);
      expect([latest?.version, count]).toEqual(["v2", 3]);
    });

    it("cannot be inserted twice, nor for a function that does not exist", async () => {
      await insert("v1");
      await expect(insert("v1")).rejects.toMatchObject(duplicate);
      await expect(
        store().change(({ versions }) => versions.insert(versionRow({ function: "none" }))),
      ).rejects.toMatchObject(reference);
    });

    it("have no way to be updated", async () => {
      const namesOf = (table: object): string[] => Object.getOwnPropertyNames(Object.getPrototypeOf(table));
      const writers = await store().change(({ versions }) => Promise.resolve(namesOf(versions)));
      expect(writers.filter((name) => /update|put|set/i.test(name))).toEqual([]);
    });

    it("keep their names taken after deletion and give latest back to the one before", async () => {
      await insert("v1", "v2");
      await store().change(({ versions }) => versions.delete("hello", "v2"));
      const found = await store().read(async ({ versions }) => [
        await versions.isNameTaken("hello", "v2"),
        await versions.isNameTaken("hello", "v3"),
        (await versions.latest("hello"))?.version,
      ]);
      expect(found).toEqual([true, false, "v1"]);
    });

    it("are referenced when latest, named by an alias or named by a rule", async () => {
      await insert("v1", "v2", "v3", "v4");
      await store().change(async ({ aliases, domains }) => {
        const named = { version: "v2", grey: { by: "weight", version: "v3", weight: 5, sticky: null } } as const;
        await aliases.put({ function: "hello", name: "live", ...named, previous: [], updatedAt: createdAt });
        const byVersion: Rule = { ...rule({ version: "v1" }) };
        delete (byVersion as { alias?: string }).alias;
        await domains.put(domainRow("www.example.com", [byVersion]));
      });
      const referenced = await store().read(({ versions }) => versions.listReferenced());
      expect(referenced.map(({ version }) => version)).toEqual(["v1", "v2", "v3", "v4"]);
    });

    it("name the blobs they need", async () => {
      await insert("v1");
      await store().change(({ versions }) => versions.insert(versionRow({ version: "v2", blobs: [digest("c")] })));
      const blobs = await store().read(({ versions }) => versions.listBlobs());
      expect([...blobs].sort()).toEqual([digest("a"), digest("b"), digest("c")]);
    });

    it("cannot be deleted while an alias names them", async () => {
      await insert("v1");
      await store().change(({ aliases }) =>
        aliases.put({ function: "hello", name: "live", version: "v1", grey: null, previous: [], updatedAt: createdAt }),
      );
      await expect(store().change(({ versions }) => versions.delete("hello", "v1"))).rejects.toMatchObject(reference);
    });
  });
}

function describeAliasesAndDomains(store: () => Store): void {
  describe("aliases", () => {
    it("are put, moved and deleted", async () => {
      const alias = { function: "hello", name: "live", version: "v1", grey: null, previous: [], updatedAt: createdAt };
      const grey = { by: "weight", version: "v1", weight: 0.5, sticky: { from: "cookie", name: "sid" } } as const;
      const moved = { ...alias, version: "v2", grey, previous: ["v1"] };
      await store().change(async ({ versions, aliases }) => {
        await versions.insert(versionRow());
        await versions.insert(versionRow({ version: "v2" }));
        await aliases.put(alias);
        await aliases.put(moved);
      });
      const read = () => store().read(({ aliases }) => aliases.get("hello", "live"));
      expect(await read()).toEqual(moved);
      expect(await store().read(({ aliases }) => aliases.list("hello"))).toEqual([moved]);
      await store().change(({ aliases }) => aliases.delete("hello", "live"));
      expect(await read()).toBeNull();
    });
  });

  describe("domains", () => {
    it("come back with their rules in the order given", async () => {
      const rules = [
        rule({ priority: 1, matchType: "suffix", matchContent: ".jpg" }),
        rule({ priority: 50, enabled: false, stop: true, onError: "continue" }),
      ];
      await store().change(({ domains }) => domains.put(domainRow("*.example.com", rules)));
      expect(await store().read(({ domains }) => domains.get("*.example.com"))).toEqual(
        domainRow("*.example.com", rules),
      );
    });

    it("replace all of their rules at once", async () => {
      await store().change(async ({ domains }) => {
        await domains.put(domainRow("a.example.com", [rule({ priority: 1 }), rule({ priority: 2 })]));
        await domains.put(domainRow("a.example.com", [rule({ priority: 2 })]));
        await domains.put(domainRow("b.example.com", [rule({ priority: 3 })]));
      });
      const { bound, list, count } = await store().read(async ({ domains }) => ({
        bound: await domains.rulesOf("hello"),
        list: await domains.list(),
        count: await domains.count(),
      }));
      expect(bound.map(({ domain, rule: { priority } }) => [domain, priority])).toEqual([
        ["a.example.com", 2],
        ["b.example.com", 3],
      ]);
      expect([list.length, count]).toEqual([2, 2]);
    });

    it("are gone with their rules when deleted", async () => {
      await store().change(async ({ domains }) => {
        await domains.put(domainRow("a.example.com", [rule()]));
        await domains.delete("a.example.com");
      });
      const left = await store().read(async ({ domains }) => [
        await domains.get("a.example.com"),
        await domains.rulesOf("hello"),
      ]);
      expect(left).toEqual([null, []]);
    });

    it("keep a function with rules from being deleted", async () => {
      await store().change(({ domains }) => domains.put(domainRow("a.example.com", [rule()])));
      await expect(store().change(({ functions }) => functions.delete("hello"))).rejects.toMatchObject(reference);
    });
  });
}

function describeRevisionsAndSettings(store: () => Store, reopen: () => Promise<void>): void {
  describe("revisions", () => {
    it("start at 0 and grow by one, also after opening again", async () => {
      expect((await store().read(({ revisions }) => revisions.current())).revision).toBe(0);
      await store().change(({ revisions }) => revisions.next(createdAt));
      await reopen();
      const next = await store().change(({ revisions }) => revisions.next(createdAt));
      expect(next).toEqual({ revision: 2, createdAt });
      const found = await store().read(async ({ revisions }) => [await revisions.get(1), await revisions.get(3)]);
      expect(found).toEqual([{ revision: 1, createdAt }, null]);
    });

    it("leave no gap when a change throws", async () => {
      const work = store().change(async ({ revisions }) => {
        await revisions.next(createdAt);
        throw new Error("stop");
      });
      await expect(work).rejects.toThrow("stop");
      expect((await store().change(({ revisions }) => revisions.next(createdAt))).revision).toBe(1);
    });
  });

  describe("settings", () => {
    it("are null until put, then the last value", async () => {
      const read = () => store().read(({ settings }) => settings.get("signing_public_key"));
      expect(await read()).toBeNull();
      await store().change(({ settings }) => settings.put("signing_public_key", "a"));
      await store().change(({ settings }) => settings.put("signing_public_key", "b"));
      expect(await read()).toBe("b");
    });
  });
}

function describeEarlierVersions(store: () => Store): void {
  it("versions of a release before a limit have its default", async () => {
    const { bufferedBodyMiB: _later, ...limits } = defaultFunctionLimits;
    await store().change(({ versions }) => versions.insert(versionRow({ limits: limits as FunctionLimits })));
    expect(await store().read(({ versions }) => versions.get("hello", "v1"))).toEqual(versionRow());
  });
}
