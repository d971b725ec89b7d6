import { describe, expect, test } from "vitest";
import { accept, refusals, refusedAt } from "./check-domain.ts";

const full = (match_value: string, redirect_url: string, changes: object = {}) => ({
  condition: { match_type: "full_path", match_value, priority: 10 },
  execution_mode: "redirect",
  redirect_url,
  ...changes,
});
const rewrites = (...list: readonly object[]) => ({ request_url_rewrite: list });

describe("request_url_rewrite", () => {
  test("gets its defaults", () => {
    expect(accept(rewrites(full("/a", "/b"))).request_url_rewrite).toEqual([
      { ...full("/a", "/b"), redirect_status_code: 302 },
    ]);
  });

  test.each([
    full("/old/*/x/*", "/new/$2/$1?from=$1"),
    full("/a;/b/*", "/c"),
    full("/a", "/b", { redirect_status_code: 308, redirect_host: "https://other.example:8443" }),
    full("/a", "/b", { redirect_host: "http://[::1]:80" }),
    full("/a/*", "/b/$1", { execution_mode: "break" }),
    full("/a", "/a", { execution_mode: "break" }),
    { ...full("/a", "/b"), condition: { match_type: "home_page", priority: 1 } },
  ])("accepts %j", (rewrite) => {
    expect(accept(rewrites(rewrite)).request_url_rewrite).toHaveLength(1);
  });

  test.each([
    [full("/a", "/b", { execution_mode: "rewrite" }), "execution_mode"],
    [full("a", "/b"), "condition.match_value"],
    [full("/a", "b"), "redirect_url"],
    [full("/a", "//evil.example/"), "redirect_url"],
    [full("/a", "https://evil.example/"), "redirect_url"],
    [full("/a", "/b\r\nset-cookie: x"), "redirect_url"],
    [full("/a", "/b#c"), "redirect_url"],
    [full("/a", "/$1"), "redirect_url"],
    [full("/a/*;/b", "/$1"), "redirect_url"],
    [full("/a/*", "/$2"), "redirect_url"],
    [full("/a/*", "/$11"), "redirect_url"],
    [full("/a", "/b", { redirect_status_code: 304 }), "redirect_status_code"],
    [full("/a", "/b", { redirect_host: "other.example" }), "redirect_host"],
    [full("/a", "/b", { redirect_host: "https://other.example/" }), "redirect_host"],
    [full("/a", "/b", { redirect_host: "https://u@other.example" }), "redirect_host"],
    [full("/a", "/b", { redirect_host: "https://other.example:70000" }), "redirect_host"],
    [full("/a", "/b?c", { execution_mode: "break" }), "redirect_url"],
    [full("/a", "/b", { execution_mode: "break", redirect_host: "https://x.example" }), "redirect_host"],
    [full("/a", "/b", { execution_mode: "break", redirect_status_code: 301 }), "redirect_status_code"],
  ])("refuses %j", (rewrite, key) => {
    expect(refusedAt(rewrites(rewrite))).toEqual([`request_url_rewrite[0].${key}`]);
  });

  test("has no priority twice", () => {
    expect(refusedAt(rewrites(full("/a", "/x"), full("/b", "/x")))).toEqual([
      "request_url_rewrite[1].condition.priority",
    ]);
  });
});

describe("a loop of redirects is refused", () => {
  const condition = (match_type: string, match_value?: string, priority = 10) => ({
    condition: { match_type, ...(match_value === undefined ? {} : { match_value }), priority },
  });

  test.each([
    full("/a", "/a"),
    full("/a", "/a?again=1"),
    full("/a/*", "/a/b/$1"),
    full("/x;/a", "/a"),
    full("/a", "/b", condition("all")),
    full("/a", "/", condition("home_page")),
    full("/a", "/docs/new", condition("catalog", "/docs")),
    full("/a", "/new.php", condition("file_extension", ".php")),
  ])("to itself: %j", (rewrite) => {
    expect(refusedAt(rewrites(rewrite))).toEqual(["request_url_rewrite[0].redirect_url"]);
  });

  test("over another one", () => {
    const back = full("/b", "/a", condition("full_path", "/b", 5));
    expect(refusedAt(rewrites(full("/a", "/b"), back))).toEqual([
      "request_url_rewrite[0].redirect_url",
      "request_url_rewrite[1].redirect_url",
    ]);
  });

  test("but not where one of larger priority ends it, or it leads away", () => {
    const end = full("/a/b/x", "/c", { ...condition("full_path", "/a/b/x", 20), execution_mode: "break" });
    expect(refusals(rewrites(full("/a/*", "/a/b/$1"), end))).toEqual([]);
    expect(refusals(rewrites(full("/a", "/a", { redirect_host: "https://other.example" })))).toEqual([]);
  });

  test.each([
    [{ redirect_host: "http://www.example.com" }, { force_redirect: { status: "on" } }],
    [{ redirect_host: "https://www.example.com", ...condition("all") }, {}],
  ])("by the host: %j", (changes, rest) => {
    const input = { ...rewrites(full("/a", "/b", changes)), ...rest };
    expect(refusals(input)).toEqual([expect.stringMatching(/^request_url_rewrite\[0\]\.redirect_host: .*loops/)]);
  });
});
