import { describe, expect, it } from "vitest";
import { KnownUrls } from "../../../edge-node/front/known-urls.ts";

describe("KnownUrls", () => {
  it("reads a URL from a Host field, a path and a query", () => {
    const urls = new KnownUrls("http");
    expect(urls.read("Site.Test:80", "/a/../b", "?x=1")).toMatchObject({
      href: "http://site.test/b?x=1",
      hostname: "site.test",
      path: "/b",
      query: "?x=1",
      writtenPath: "/a/../b",
    });
  });

  it("gives the same value for what it read before, so that what was derived from it is still there", () => {
    const urls = new KnownUrls("https");
    const first = urls.read("site.test", "/a", "?b");
    expect(first?.derived).toEqual({ keyed: null });
    expect(urls.read("site.test", "/a", "?b")).toBe(first);
  });

  it.each([
    [{ host: "other.test" }],
    [{ host: "SITE.test" }],
    [{ path: "/A" }],
    [{ path: "/%61" }],
    [{ query: "?B" }],
    [{ query: "" }],
    [{ path: "/a?b", query: "" }],
  ])("keeps %j apart", (change: { host?: string; path?: string; query?: string }) => {
    const urls = new KnownUrls("http");
    const read = ({ host = "site.test", path = "/a", query = "?b" }: typeof change): unknown =>
      urls.read(host, path, query);
    const first = read({});
    expect(read(change)).not.toBe(first);
    expect(read({})).toBe(first);
  });

  it.each([
    ["a.test, b.test", "/", ""],
    ["user@a.test", "/", ""],
    ["a.test", "a", ""],
    ["a.test", "/%00", ""],
    ["a.test", "/", "?<"],
  ])("has no URL for %j %j %j, also the second time", (host, path, query) => {
    const urls = new KnownUrls("http");
    expect([urls.read(host, path, query), urls.read(host, path, query)]).toEqual([null, null]);
  });

  it("does not keep long ones, and lets go of all when there are too many", () => {
    const urls = new KnownUrls("http");
    const long = `/${"a".repeat(300)}`;
    expect(urls.read("a.test", long, "")?.derived).toBeNull();
    const first = urls.read("a.test", "/", "");
    for (let index = 0; index < 10_000; index++) urls.read("a.test", `/${index}`, "");
    const again = urls.read("a.test", "/", "");
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
    expect(urls.read("a.test", "/", "")).toBe(again);
  });
});
