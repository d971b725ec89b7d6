import { describe, expect, it } from "vitest";
import { MemoryCache } from "../../../edge-node/cache/memory-cache.ts";
import type { StoredAnswer } from "../../../edge-node/cache/stored-answer.ts";
import { variantKeyUnder } from "../../../edge-node/cache/vary.ts";
import { cacheLimits } from "../../../sdk/cdn-limits.ts";
import { answer } from "../support/stored-answers.ts";

function cacheOf(bytesMax = 100_000): MemoryCache {
  return new MemoryCache({ bytesMax });
}

function kinds(cache: MemoryCache, keys: readonly string[]): string[] {
  return keys.map((key) => cache.lookup(key, "", 0).kind);
}

describe("MemoryCache", () => {
  it("gives back what it has, fresh or not, and says uri-miss for what it never had", () => {
    const cache = cacheOf();
    const stored = answer();
    cache.store("k", "", stored);
    expect(cache.lookup("k", "", 999_999)).toBe(stored);
    expect(cache.lookup("other", "", 0)).toEqual({ kind: "miss", variantKey: "other", reason: "uri-miss" });
  });

  it("never holds more bytes than it may, and lets the least recently used go first", () => {
    const cache = cacheOf(2_500);
    for (const key of ["a", "b", "c"]) cache.store(key, "", answer());
    cache.lookup("a", "", 0);
    cache.store("d", "", answer());
    expect(kinds(cache, ["a", "b", "c", "d"])).toEqual(["answer", "miss", "answer", "answer"]);
    expect(cache.bytes).toBeLessThanOrEqual(2_500);
    cache.store("huge", "", answer({ bodyBytes: 5_000 }));
    expect(cache.lookup("huge", "", 0).kind).toBe("miss");
  });

  it("keeps variants apart by every header that any answer varied with", () => {
    const cache = cacheOf();
    cache.store("k", "a:1\nb:1\n", answer({ headers: "vary:A\n" }));
    expect(cache.lookup("k", "a:1\nb:2\n", 0).kind).toBe("answer");
    cache.store("k", "a:2\nb:1\n", answer({ headers: "vary:b, a\n" }));
    expect(cache.lookup("k", "a:2\nb:1\n", 0).kind).toBe("answer");
    expect(cache.lookup("k", "a:2\nb:2\n", 0)).toMatchObject({ kind: "miss", reason: "vary-miss" });
    expect(cache.lookup("k", "a:2\n", 0)).toMatchObject({ kind: "miss", reason: "vary-miss" });
  });

  it("a variant whose room costs the mark that leads to it is not there either", () => {
    const cache = cacheOf(2_000);
    const varying = answer({ headers: "vary:a\n" });
    cache.store("k", "a:1\n", { ...varying, bodyBytes: 1_300 });
    expect([cache.size, cache.bytes]).toEqual([0, 0]);
    cache.store("k", "a:1\n", varying);
    expect(cache.lookup("k", "a:1\n", 0).kind).toBe("answer");
  });

  it("variants cannot be forged by header values", () => {
    const cache = cacheOf();
    cache.store("k", "a:1\nb:2\n", answer({ headers: "vary:a,b\n" }));
    expect(cache.lookup("k", "a:1 b:2\n", 0).kind).toBe("miss");
    expect(cache.lookup("k", "a:1,\nb:2\n", 0).kind).toBe("miss");
  });

  it("one URL has a bounded number of variants; the oldest goes first", () => {
    const cache = cacheOf(10_000_000);
    const varying = answer({ headers: "vary:a\n" });
    for (let index = 0; index <= cacheLimits.variantsPerUrlMax; index++) cache.store("k", `a:${index}\n`, varying);
    expect(cache.lookup("k", "a:0\n", 0).kind).toBe("miss");
    expect(cache.lookup("k", "a:1\n", 0).kind).toBe("answer");
    expect(cache.size).toBe(cacheLimits.variantsPerUrlMax + 1);
  });

  it("an origin whose every answer varies with other names costs a lookup no more than some, and no answer is given for another", () => {
    const cache = cacheOf(10_000_000);
    const { varyNamesMax, varyNamesPerUrlMax } = cacheLimits;
    const name = (round: number, index: number): string => `x-${round}-${index}`;
    for (let round = 0; round < 1_000; round++) {
      const names = Array.from({ length: varyNamesMax }, (_, index) => name(round, index));
      const stored = answer({ headers: `vary:${names.join(",")}\n`, requestedAt: round });
      const place = cache.store("k", `${name(round, 0)}:a\n`, stored);
      expect(place?.mark?.names.length).toBeLessThanOrEqual(varyNamesPerUrlMax);
      expect(cache.lookup("k", `${name(round, 0)}:a\n`, 0)).toBe(stored);
      for (const headers of ["", `${name(round, 0)}:b\n`, `${name(round, 0)}:a\n${name(round, 1)}:a\n`]) {
        expect(cache.lookup("k", headers, 0).kind).toBe("miss");
      }
    }
    expect(cache.variantKey("k", "").length).toBeLessThan(varyNamesPerUrlMax * 10 + 20);
    expect(cache.size).toBeLessThanOrEqual(varyNamesPerUrlMax / varyNamesMax + 1);
  });

  it("a mark that begins anew is told from the one before, also of answers that were asked for at one time", () => {
    const cache = cacheOf(10_000_000);
    const marks = ["a", "b", "c", "d", "e"].map((letter) => {
      const names = Array.from({ length: cacheLimits.varyNamesMax }, (_, index) => `${letter}${index}`);
      return cache.store("k", "", answer({ headers: `vary:${names.join(",")}\n`, requestedAt: 7 }))?.mark;
    });
    expect(marks.map((mark) => mark?.since)).toEqual([7, 7, 7, 7, 8]);
    expect(marks.at(-1)?.names).toHaveLength(cacheLimits.varyNamesMax);
  });

  it("remembers for two minutes that a key's answer could not be stored, unless a fresh one stands there", () => {
    const cache = cacheOf();
    cache.markUncacheable("k", 0);
    expect(cache.lookup("k", "", 119_999).kind).toBe("uncacheable");
    expect(cache.lookup("k", "", 120_000).kind).toBe("miss");
    cache.store("k", "", answer());
    cache.markUncacheable("k", 500);
    expect(cache.lookup("k", "", 600).kind).toBe("answer");
  });

  it("complete() and remove() touch only the answer whose body they are about", () => {
    const cache = cacheOf();
    const arriving = answer();
    cache.store("k", "", arriving);
    const newer = answer({ status: 404 });
    cache.store("k", "", newer);
    cache.remove("k", arriving);
    cache.complete("k", arriving, new Uint8Array(1));
    expect(cache.lookup("k", "", 0)).toBe(newer);
    cache.complete("k", newer, new Uint8Array(1));
    expect(cache.lookup("k", "", 0)).toMatchObject({ bodyBytes: 1, status: 404 });
  });

  it("complete() finds a body whose answer was confirmed while it arrived", () => {
    const cache = cacheOf();
    const arriving = answer();
    cache.store("k", "", arriving);
    cache.store("k", "", { ...arriving, freshUntil: 5_000 });
    cache.complete("k", arriving, new Uint8Array(1));
    expect(cache.lookup("k", "", 0)).toMatchObject({ bodyBytes: 1, freshUntil: 5_000 });
  });
});

describe("latestRequestedAt()", () => {
  const at = (requestedAt: number, headers = "") => answer({ requestedAt, headers });

  it("is that of the answer at the key", () => {
    const cache = cacheOf();
    expect(cache.latestRequestedAt("k", "", at(0))).toBe(-Infinity);
    cache.invalidate("k", { now: 1, isFilling: true });
    expect(cache.latestRequestedAt("k", "", at(0))).toBe(-Infinity);
    cache.store("k", "", at(7));
    expect([cache.latestRequestedAt("k", "", at(0)), cache.latestRequestedAt("k", "", at(0, "vary:a\n"))]).toEqual([
      7, 7,
    ]);
  });

  it("is that of the request's variant, and of all variants for an answer that would replace them", () => {
    const cache = cacheOf();
    cache.store("k", "a:1\n", at(7, "vary:a\n"));
    cache.store("k", "a:2\n", at(9, "vary:a\n"));
    const latest = (requestHeaders: string, headers: string) =>
      cache.latestRequestedAt("k", requestHeaders, at(0, headers));
    expect([latest("a:1\n", "vary:a\n"), latest("a:3\n", "vary:a\n"), latest("a:1\n", "")]).toEqual([7, -Infinity, 9]);
  });
});

describe("invalidate()", () => {
  const varying = (change: Partial<StoredAnswer> = {}): StoredAnswer => answer({ headers: "vary:a\n", ...change });

  it("takes every variant away, for good", () => {
    const cache = cacheOf();
    cache.store("k", "a:1\n", varying());
    cache.store("k", "a:2\n", varying());
    cache.invalidate("k", { now: 10, isFilling: false });
    cache.store("k", "a:3\n", varying({ requestedAt: 11 }));
    expect(["a:1\n", "a:2\n", "a:3\n"].map((headers) => cache.lookup("k", headers, 0).kind)).toEqual([
      "miss",
      "miss",
      "answer",
    ]);
  });

  it("variants are gone with the mark that leads to them, whatever takes its place", () => {
    const cache = cacheOf();
    cache.store("k", "a:1\n", varying());
    cache.store("k", "", answer());
    cache.store("k", "a:2\n", varying());
    expect(cache.lookup("k", "a:1\n", 0).kind).toBe("miss");
  });

  it.each([
    ["asked for before is not stored", 10, null],
    ["asked for afterwards is", 11, "k"],
  ])("what was %s", (_case, requestedAt, expected) => {
    const cache = cacheOf();
    cache.invalidate("k", { now: 10, isFilling: true });
    expect(cache.store("k", "", answer({ requestedAt }))?.variantKey ?? null).toBe(expected);
  });

  it.each<[string, (cache: MemoryCache) => void]>([
    ["news of an earlier change", (cache) => cache.invalidate("k", { now: 3, isFilling: true })],
    ["the mark of an answer that cannot be stored", (cache) => cache.markUncacheable("k", 11)],
    [
      "the end of that mark",
      (cache) => {
        cache.markUncacheable("k", 11);
        cache.forgetUncacheable("k");
      },
    ],
    [
      "a mark of what varies after it",
      (cache) => {
        cache.markUncacheable("k", 11);
        cache.store("k", "a:1\n", varying({ requestedAt: 12 }));
      },
    ],
  ])("is not forgotten for %s", (_case, change) => {
    const cache = cacheOf();
    cache.invalidate("k", { now: 10, isFilling: true });
    change(cache);
    expect([cache.accepts("k", 10), cache.accepts("k", 11)]).toEqual([false, true]);
  });

  it("leaves nothing behind for a URL that nobody stored or asks for", () => {
    const cache = cacheOf();
    cache.invalidate("k", { now: 10, isFilling: false });
    expect(cache.size).toBe(0);
  });
});

describe("what was found on the disk", () => {
  const mark = { names: ["a"], since: 5 };
  const varying = answer({ headers: "vary:a\n", requestedAt: 6 });
  const place = variantKeyUnder("k", mark, "a:1\n");

  it("is adopted under the mark that was found with it", () => {
    const cache = cacheOf();
    cache.learnMark("k", mark);
    cache.adopt("k", place, varying);
    expect(cache.lookup("k", "a:1\n", 0)).toBe(varying);
    expect(cache.lookup("k", "a:2\n", 0)).toMatchObject({ kind: "miss", reason: "vary-miss" });
  });

  it("is not adopted where nothing leads to it, or only an earlier mark did", () => {
    const cache = cacheOf();
    cache.adopt("k", place, varying);
    expect(cache.size).toBe(0);
    cache.learnMark("k", { ...mark, since: 7 });
    cache.adopt("k", place, varying);
    expect(cache.lookup("k", "a:1\n", 0).kind).toBe("miss");
  });

  it.each([
    ["an older answer", 4, "disk"],
    ["the same or a newer answer", 5, "memory"],
  ])("takes the place of %s", (_case, requestedAt, expected) => {
    const cache = cacheOf();
    const [memory, disk] = [answer({ requestedAt: 5 }), answer({ requestedAt: requestedAt === 4 ? 6 : 5 })];
    cache.store("k", "", memory);
    cache.adopt("k", "k", disk);
    expect(cache.lookup("k", "", 0)).toBe(expected === "disk" ? disk : memory);
  });

  it("is not adopted, mark or answer, when its URL was invalidated after it had been asked for", () => {
    const cache = cacheOf();
    cache.invalidate("k", { now: 10, isFilling: true });
    cache.learnMark("k", mark);
    cache.adopt("k", "k", answer({ requestedAt: 10 }));
    expect(cache.lookup("k", "", 0)).toEqual({ kind: "miss", variantKey: "k", reason: "uri-miss" });
    cache.adopt("k", "k", answer({ requestedAt: 11 }));
    expect(cache.lookup("k", "", 0).kind).toBe("answer");
  });

  it("a mark takes no answer's place", () => {
    const cache = cacheOf();
    cache.store("k", "", answer());
    cache.learnMark("k", mark);
    expect(cache.lookup("k", "", 0).kind).toBe("answer");
  });
});
