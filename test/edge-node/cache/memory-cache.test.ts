import { describe, expect, it } from "vitest";
import { MemoryCache, type StoredAnswer } from "../../../edge-node/cache/memory-cache.ts";

function answer(change: Partial<StoredAnswer> = {}): StoredAnswer {
  const body = new Uint8Array(100);
  return {
    kind: "answer",
    status: 200,
    headers: "",
    body,
    bodyBytes: 100,
    storedAt: 0,
    requestedAt: 0,
    ageMs: 0,
    freshUntil: 1_000,
    ...change,
  };
}

describe("MemoryCache", () => {
  it("answers while fresh, says stale afterwards and uri-miss for what it never had", () => {
    const cache = new MemoryCache({ bytesMax: 100_000 });
    const stored = answer();
    cache.store("k", "", stored);
    expect(cache.lookup("k", "", 999)).toEqual({ kind: "hit", variantKey: "k", answer: stored });
    expect(cache.lookup("k", "", 1_000)).toEqual({ kind: "miss", variantKey: "k", reason: "stale" });
    expect(cache.lookup("other", "", 0)).toEqual({ kind: "miss", variantKey: "other", reason: "uri-miss" });
  });

  it("never holds more bytes than it may, and lets the least recently used go first", () => {
    const cache = new MemoryCache({ bytesMax: 2_000 });
    for (const key of ["a", "b", "c"]) cache.store(key, "", answer());
    cache.lookup("a", "", 0);
    cache.store("d", "", answer());
    expect(["a", "b", "c", "d"].map((key) => cache.lookup(key, "", 0).kind)).toEqual(["hit", "miss", "hit", "hit"]);
    expect(cache.bytes).toBeLessThanOrEqual(2_000);
    cache.store("huge", "", answer({ bodyBytes: 5_000 }));
    expect(cache.lookup("huge", "", 0).kind).toBe("miss");
  });

  it("keeps variants apart by every header that any answer varied with", () => {
    const cache = new MemoryCache({ bytesMax: 100_000 });
    cache.store("k", "a:1\nb:1\n", answer({ headers: "vary:A\n" }));
    expect(cache.lookup("k", "a:1\nb:2\n", 0).kind).toBe("hit");
    cache.store("k", "a:2\nb:1\n", answer({ headers: "vary:b, a\n" }));
    expect(cache.lookup("k", "a:2\nb:1\n", 0).kind).toBe("hit");
    expect(cache.lookup("k", "a:2\nb:2\n", 0)).toMatchObject({ kind: "miss", reason: "vary-miss" });
    expect(cache.lookup("k", "a:2\n", 0)).toMatchObject({ kind: "miss", reason: "vary-miss" });
  });

  it("variants cannot be forged by header values", () => {
    const cache = new MemoryCache({ bytesMax: 100_000 });
    cache.store("k", "a:1\nb:2\n", answer({ headers: "vary:a,b\n" }));
    expect(cache.lookup("k", "a:1 b:2\n", 0).kind).toBe("miss");
    expect(cache.lookup("k", "a:1,\nb:2\n", 0).kind).toBe("miss");
  });

  it("remembers for two minutes that a key's answer could not be stored, unless a fresh one stands there", () => {
    const cache = new MemoryCache({ bytesMax: 100_000 });
    cache.markUncacheable("k", 0);
    expect(cache.lookup("k", "", 119_999).kind).toBe("uncacheable");
    expect(cache.lookup("k", "", 120_000).kind).toBe("miss");
    cache.store("k", "", answer());
    cache.markUncacheable("k", 500);
    expect(cache.lookup("k", "", 600).kind).toBe("hit");
  });

  it("complete() and remove() touch only the answer they are about", () => {
    const cache = new MemoryCache({ bytesMax: 100_000 });
    const arriving = answer();
    const key = cache.store("k", "", arriving);
    const newer = answer({ status: 404 });
    cache.store("k", "", newer);
    cache.remove(key, arriving);
    cache.complete(key, arriving, new Uint8Array(1));
    expect(cache.lookup("k", "", 0)).toMatchObject({ kind: "hit", answer: newer });
    cache.complete(key, newer, new Uint8Array(1));
    expect(cache.lookup("k", "", 0)).toMatchObject({ answer: { bodyBytes: 1, status: 404 } });
  });
});
