import { expect, it } from "vitest";
import { cacheResult, forwardNote, type CacheNote, type CacheResult } from "../../../edge-node/pipeline/cache-note.ts";

const asked = forwardNote("stale", null);

it.each<[string, CacheNote, CacheResult]>([
  ["a fresh answer", { kind: "hit", ttlSeconds: 5, detail: null }, "hit"],
  ["a fresh answer from the disk", { kind: "hit", ttlSeconds: 5, detail: "DISK" }, "hit"],
  ["one that is renewed meanwhile", { kind: "hit", ttlSeconds: -5, detail: "STALE_WHILE_REVALIDATE" }, "stale"],
  ["one instead of a failure", { ...asked, ttlSeconds: -5, detail: "STALE_IF_ERROR" }, "stale"],
  ["one that the origin confirmed", { ...asked, status: 304, ttlSeconds: 60 }, "revalidated"],
  [
    "one that a client wanted confirmed",
    { ...forwardNote("request", null), status: 304, ttlSeconds: 1 },
    "revalidated",
  ],
  ["a client's own condition", { ...forwardNote("request", "CONDITIONAL"), status: 304 }, "bypass"],
  ["one that the origin replaced", { ...asked, status: 200, stored: true, ttlSeconds: 60 }, "miss"],
  ["none yet", { ...forwardNote("uri-miss", null), status: 200 }, "miss"],
  ["another variant", { ...forwardNote("vary-miss", null), status: 200 }, "miss"],
  ["a method that is not cached", forwardNote("method", null), "bypass"],
  ["the node's own answer", { kind: "local", detail: "ANSWERED" }, "none"],
])("cacheResult() of %s", (_name, note, result) => {
  expect(cacheResult(note)).toBe(result);
});
