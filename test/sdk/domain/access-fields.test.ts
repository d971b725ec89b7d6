import { describe, expect, test } from "vitest";
import { accept, refusals, refusedAt } from "./check-domain.ts";

const many = (count: number, make: (index: number) => string, separator: string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join(separator);

describe("ip_filter", () => {
  test.each([
    "10.0.0.1",
    "10.0.0.0/8,2001:db8::/32, ::1",
    "0.0.0.0/0",
    "::/0",
    "::ffff:10.0.0.1",
    "1.2.3.4/32,::1/128",
    many(500, (index) => `10.0.${index >> 8}.${index & 255}`, ","),
  ])("accepts %s", (value) => {
    expect(accept({ ip_filter: { type: "black", value } }).ip_filter).toEqual({ type: "black", value });
  });

  test.each([
    "",
    ",",
    "10.0.0.1,",
    "10.0.0.256",
    "10.0.0",
    "010.0.0.1",
    "0x0a.0.0.1",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0.0/",
    "::1/129",
    "fe80::1%eth0",
    "localhost",
    "10.0.0.1;10.0.0.2",
    many(501, (index) => `10.0.${index >> 8}.${index & 255}`, ","),
  ])("refuses %j", (value) => {
    expect(refusedAt({ ip_filter: { type: "white", value } })).toEqual(["ip_filter.value"]);
  });

  test.each([
    [{ type: "grey", value: "::1" }, "type"],
    [{ value: "::1" }, "type"],
    [{ type: "black" }, "value"],
    [{ type: "black", value: ["::1"] }, "value"],
    [{ type: "black", value: "::1", include_empty: true }, "include_empty"],
  ])("refuses %j", (filter, key) => {
    expect(refusedAt({ ip_filter: filter })).toEqual([`ip_filter.${key}`]);
  });

  test("may be empty while it is off, but not wrong", () => {
    expect(accept({ ip_filter: { type: "off", value: "" } }).ip_filter).toEqual({ type: "off", value: "" });
    expect(refusedAt({ ip_filter: { type: "off", value: "x" } })).toEqual(["ip_filter.value"]);
  });
});

describe("referer", () => {
  test.each(["www.example.com", "*.example.com;example.org:8080", "*", "*exam*", "[::1]:80", "a_b.example"])(
    "accepts %s",
    (value) => {
      expect(accept({ referer: { type: "white", value } }).referer).toEqual({
        type: "white",
        value,
        include_empty: false,
      });
    },
  );

  test.each([
    "",
    ";",
    "a.com,b.com",
    "https://a.com",
    "a.com/x",
    "a.com:0",
    "a.com:65536",
    "UPPER.com",
    "a b.com",
    "a".repeat(257),
    many(501, (index) => `a${index}.com`, ";"),
  ])("refuses %j", (value) => {
    expect(refusedAt({ referer: { type: "black", value } })).toEqual(["referer.value"]);
  });

  test("refuses an include_empty that is neither true nor false", () => {
    expect(refusedAt({ referer: { type: "black", value: "a.com", include_empty: "on" } })).toEqual([
      "referer.include_empty",
    ]);
  });
});

describe("user_agent_filter", () => {
  test.each([[["*bot*"]], [["curl/*", "Mozilla/5.0 (X11; *)"]]])("accepts %j", (ua_list) => {
    expect(accept({ user_agent_filter: { type: "black", ua_list } }).user_agent_filter).toMatchObject({ ua_list });
  });

  test.each([
    [[""], "ua_list[0]"],
    [["ok", " "], "ua_list[1]"],
    [["a\nb"], "ua_list[0]"],
    [["é"], "ua_list[0]"],
    [[7], "ua_list[0]"],
    [["a".repeat(257)], "ua_list[0]"],
    ["*bot*", "ua_list"],
    [[], "ua_list"],
    [Array.from({ length: 101 }, () => "a"), "ua_list"],
  ])("refuses %j", (ua_list, key) => {
    expect(refusedAt({ user_agent_filter: { type: "black", ua_list } })).toEqual([`user_agent_filter.${key}`]);
  });

  test("may list nothing when it is about requests without User-Agent", () => {
    const filter = { type: "black", ua_list: [], include_empty: true };
    expect(accept({ user_agent_filter: filter }).user_agent_filter).toEqual(filter);
  });
});

describe("url_auth", () => {
  const auth = { status: "on", type: "type_a", key: "abcdefgh12345678" };

  test("gets its defaults", () => {
    expect(accept({ url_auth: auth }).url_auth).toEqual({
      ...auth,
      sign_method: "md5",
      expire_time: 1_800,
      sign_arg: "auth_key",
      time_arg: "timestamp",
      time_format: "dec",
      match_type: "all",
    });
  });

  test.each([
    { type: "type_b" },
    { type: "type_c1", time_format: "hex" },
    { type: "type_c2", time_arg: "t", sign_arg: "s" },
    { sign_method: "sha256" },
    { key: "A".repeat(32) },
    { backup_key: "ABCDEFGH12345678" },
    { expire_time: 0 },
    { expire_time: 31_536_000 },
    { match_type: "catalog", match_value: "/paid;/private" },
    { match_type: "full_path", match_value: "/x/*.mp4" },
  ])("accepts %j", (changes) => {
    expect(accept({ url_auth: { ...auth, ...changes } }).url_auth).toMatchObject(changes);
  });

  test.each([
    [{ type: "type_c" }, "type"],
    [{ key: undefined }, "key"],
    [{ key: "a".repeat(15) }, "key"],
    [{ key: "a".repeat(33) }, "key"],
    [{ key: "abcdefgh1234567-" }, "key"],
    [{ key: "abcdefgh1234567é" }, "key"],
    [{ key: 1234567890123456 }, "key"],
    [{ key: "***78" }, "key"],
    [{ key: "sealed1.AA.AA.AA" }, "key"],
    [{ backup_key: "short" }, "backup_key"],
    [{ backup_key: auth.key }, "backup_key"],
    [{ sign_method: "sha1" }, "sign_method"],
    [{ expire_time: -1 }, "expire_time"],
    [{ expire_time: 31_536_001 }, "expire_time"],
    [{ sign_arg: "" }, "sign_arg"],
    [{ sign_arg: "a&b" }, "sign_arg"],
    [{ sign_arg: "1a" }, "sign_arg"],
    [{ type: "type_c2", sign_arg: "timestamp" }, "time_arg"],
    [{ time_format: "hex" }, "time_format"],
    [{ type: "type_b", time_format: "hex" }, "time_format"],
    [{ match_type: "catalog" }, "match_value"],
    [{ match_type: "home_page" }, "match_type"],
    [{ match_value: "/a" }, "match_value"],
    [{ secret: "x" }, "secret"],
  ])("refuses %j", (changes, key) => {
    expect(refusedAt({ url_auth: { ...auth, ...changes } })).toEqual([`url_auth.${key}`]);
  });

  test("never repeats a key in a problem", () => {
    const lines = refusals({ url_auth: { ...auth, key: "needle-1", backup_key: "needle-2" } }).join("\n");
    expect(lines).toContain("url_auth.key");
    expect(lines).not.toContain("needle");
  });
});

describe("ip_frequency_limit", () => {
  test.each([1, 100_000])("accepts %i", (qps) => {
    expect(accept({ ip_frequency_limit: { status: "on", qps } }).ip_frequency_limit).toEqual({ status: "on", qps });
  });

  test.each([
    [{ qps: 0 }, "qps"],
    [{ qps: 100_001 }, "qps"],
    [{ qps: undefined }, "qps"],
    [{ status: undefined }, "status"],
    [{ burst: 5 }, "burst"],
  ])("refuses %j", (changes, key) => {
    expect(refusedAt({ ip_frequency_limit: { status: "on", qps: 5, ...changes } })).toEqual([
      `ip_frequency_limit.${key}`,
    ]);
  });
});

describe("request_limit_rules", () => {
  const rule = { match_type: "catalog", match_value: "/big", priority: 1, limit_rate_value: 1_000 };

  test("get their defaults", () => {
    expect(accept({ request_limit_rules: [rule] }).request_limit_rules).toEqual([
      { ...rule, type: "size", limit_rate_after: 0 },
    ]);
  });

  test.each([
    [{ match_type: "full_path" }, "match_type"],
    [{ match_type: "all" }, "match_value"],
    [{ type: "time" }, "type"],
    [{ limit_rate_after: 1_073_741_825 }, "limit_rate_after"],
    [{ limit_rate_value: 104_857_601 }, "limit_rate_value"],
    [{ limit_rate_value: undefined }, "limit_rate_value"],
    [{ priority: undefined }, "priority"],
  ])("refuse %j", (changes, key) => {
    expect(refusedAt({ request_limit_rules: [{ ...rule, ...changes }] })).toEqual([`request_limit_rules[0].${key}`]);
  });

  test("have no priority twice", () => {
    expect(refusedAt({ request_limit_rules: [rule, { ...rule, match_value: "/b" }] })).toEqual([
      "request_limit_rules[1].priority",
    ]);
  });
});
