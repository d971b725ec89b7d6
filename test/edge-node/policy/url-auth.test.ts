import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { UrlAuth } from "../../../sdk/domain-policy.ts";
import { compileUrlAuth } from "../../../edge-node/policy/url-auth.ts";
import { urlOf } from "./url-of.ts";

const KEY = "0123456789abcdef";
const BACKUP = "fedcba9876543210";
/** 2026-03-04 05:06:07 UTC, which is 13:06 in UTC+8. */
const NOW = Date.UTC(2026, 2, 4, 5, 6, 7);
const SECONDS = Math.floor(NOW / 1_000);
const HEX = SECONDS.toString(16);
const MINUTE = "202603041306";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const standard: UrlAuth = {
  status: "on",
  type: "type_a",
  sign_method: "md5",
  key: KEY,
  expire_time: 1_800,
  sign_arg: "auth_key",
  time_arg: "timestamp",
  time_format: "dec",
  match_type: "all",
};

/** Path and query of what goes on, or "denied". */
function check(auth: Partial<UrlAuth>, target: string, nowMs = NOW): string {
  const judge = compileUrlAuth({ ...standard, ...auth });
  const result = judge?.(urlOf(target), nowMs);
  if (result === undefined) return "off";
  return result === null ? "denied" : `${result.url.path}${result.url.query}`;
}

const signA = (path: string, { key = KEY, time = `${SECONDS}`, digest = md5 } = {}): string =>
  `${time}-rand1-0-${digest(`${path}-${time}-rand1-0-${key}`)}`;
const signB = (path: string, { key = KEY, time = MINUTE, digest = md5 } = {}): string =>
  `/${time}/${digest(`${key}${time}${path}`)}`;
const signC = (path: string, { key = KEY, time = `${SECONDS}`, digest = md5 } = {}): string =>
  digest(`${key}${path}${time}`);

describe("a signed URL is served without its signature", () => {
  it.each([
    ["type_a", {}, `/v/a.mp4?auth_key=${signA("/v/a.mp4")}`, "/v/a.mp4"],
    ["type_a", {}, `/v/a.mp4?x=1&auth_key=${signA("/v/a.mp4")}&y=%20`, "/v/a.mp4?x=1&y=%20"],
    ["type_a", { sign_arg: "sig" }, `/a?sig=${signA("/a")}&auth_key=1`, "/a?auth_key=1"],
    ["type_a", { sign_method: "sha256" }, `/a?auth_key=${signA("/a", { digest: sha256 })}`, "/a"],
    ["type_a", { backup_key: BACKUP }, `/a?auth_key=${signA("/a", { key: BACKUP })}`, "/a"],
    ["type_a", {}, `/a?auth_key=${signA("/a").toUpperCase().replace("RAND1", "rand1")}`, "/a"],
    ["type_b", {}, `${signB("/v/a.mp4")}/v/a.mp4?x=1`, "/v/a.mp4?x=1"],
    ["type_b", { sign_method: "sha256" }, `${signB("/a", { digest: sha256 })}/a`, "/a"],
    ["type_b", { backup_key: BACKUP }, `${signB("/a", { key: BACKUP })}/a`, "/a"],
    ["type_c1", {}, `/${signC("/v/a")}/${SECONDS}/v/a`, "/v/a"],
    ["type_c1", { time_format: "hex" }, `/${signC("/a", { time: HEX })}/${HEX}/a`, "/a"],
    ["type_c1", { sign_method: "sha256" }, `/${signC("/a", { digest: sha256 })}/${SECONDS}/a`, "/a"],
    ["type_c2", {}, `/v/a?auth_key=${signC("/v/a")}&timestamp=${SECONDS}&x=1`, "/v/a?x=1"],
    ["type_c2", { time_format: "hex" }, `/a?timestamp=${HEX}&auth_key=${signC("/a", { time: HEX })}`, "/a"],
    ["type_c2", { sign_arg: "s", time_arg: "t" }, `/a?s=${signC("/a")}&t=${SECONDS}`, "/a"],
  ] as const)("%s %j %s", (type, change, target, expected) => {
    expect(check({ type, ...change }, target)).toBe(expected);
  });

  it("signed as it is written or as it is spelled canonically", () => {
    expect(check({}, `/%7Ea//b?auth_key=${signA("/%7Ea//b")}`)).toBe("/~a/b");
    expect(check({}, `/%7Ea//b?auth_key=${signA("/~a/b")}`)).toBe("/~a/b");
    expect(check({ type: "type_b" }, `${signB("/%7Ea//b")}/%7Ea//b`)).toBe("/~a/b");
    expect(check({ type: "type_c1" }, `/${signC("/~a")}/${SECONDS}/%7Ea`)).toBe("/~a");
    expect(check({}, `/%E4%BD%A0?auth_key=${signA("/%E4%BD%A0")}`)).toBe("/%E4%BD%A0");
  });
});

describe("a URL is refused", () => {
  const a = signA("/a");
  it.each([
    ["without a signature", "type_a", "/a"],
    ["with an empty one", "type_a", "/a?auth_key="],
    ["with a name only", "type_a", "/a?auth_key"],
    ["for another path", "type_a", `/b?auth_key=${a}`],
    ["for a path that leads elsewhere", "type_a", `/a/../b?auth_key=${signA("/a")}`],
    ["signed with another key", "type_a", `/a?auth_key=${signA("/a", { key: BACKUP })}`],
    ["with another time than was signed", "type_a", `/a?auth_key=${a.replace(`${SECONDS}`, `${SECONDS + 1}`)}`],
    ["with two signatures", "type_a", `/a?auth_key=${a}&auth_key=${a}`],
    ["with more behind the signature", "type_a", `/a?auth_key=${a}0`],
    ["with a shortened signature", "type_a", `/a?auth_key=${a.slice(0, -1)}`],
    ["with fewer parts", "type_a", `/a?auth_key=${SECONDS}-0-${md5(`/a-${SECONDS}-0-${KEY}`)}`],
    ["with the parameter's name escaped", "type_a", `/a?%61uth_key=${a}`],
    ["without a signature", "type_b", "/a"],
    ["for another path", "type_b", `${signB("/a")}/b`],
    ["for a path that climbs out of its signature", "type_b", `${signB("/a")}/a/../../../b`],
    ["for a path that climbs", "type_b", `${signB("/a")}/a/../b`],
    ["with escaped slashes", "type_b", `${signB("/a").replaceAll("/", "%2F").replace("%2F", "/")}/a`],
    ["with a day that there is not", "type_b", `${signB("/a", { time: "202602301306" })}/a`],
    ["with a minute that there is not", "type_b", `${signB("/a", { time: "202603041360" })}/a`],
    ["without a path", "type_b", signB("")],
    ["without a signature", "type_c1", "/a"],
    ["for another path", "type_c1", `/${signC("/a")}/${SECONDS}/b`],
    ["with a hexadecimal time", "type_c1", `/${signC("/a", { time: HEX })}/${HEX}/a`],
    ["without a time", "type_c2", `/a?auth_key=${signC("/a", { time: "" })}`],
    ["with an empty time", "type_c2", `/a?auth_key=${signC("/a", { time: "" })}&timestamp=`],
    ["with two times", "type_c2", `/a?auth_key=${signC("/a")}&timestamp=${SECONDS}&timestamp=${SECONDS}`],
    ["with a negative time", "type_c2", `/a?auth_key=${signC("/a", { time: "-1" })}&timestamp=-1`],
  ] as const)("%s: %s %s", (_what, type, target) => {
    expect(check({ type }, target)).toBe("denied");
  });

  it("when no key is in the clear, also with what is shown of one", () => {
    expect(check({ key: "***ef" }, `/a?auth_key=${signA("/a", { key: "***ef" })}`)).toBe("denied");
    expect(check({ key: "sealed1.a.b.c" }, `/a?auth_key=${signA("/a", { key: "sealed1.a.b.c" })}`)).toBe("denied");
    expect(check({ key: "" }, `/a?auth_key=${signA("/a", { key: "" })}`)).toBe("denied");
  });
});

describe("a signature lasts", () => {
  it.each([
    ["type_a", `/a?auth_key=${signA("/a")}`, SECONDS],
    ["type_b", `${signB("/a")}/a`, Date.UTC(2026, 2, 4, 5, 6) / 1_000],
    ["type_c1", `/${signC("/a")}/${SECONDS}/a`, SECONDS],
    ["type_c2", `/a?auth_key=${signC("/a")}&timestamp=${SECONDS}`, SECONDS],
  ] as const)("%s: to the last second of expire_time", (type, target, signedAt) => {
    const end = (signedAt + 60) * 1_000;
    expect(check({ type, expire_time: 60 }, target, end)).toBe("/a");
    expect(check({ type, expire_time: 60 }, target, end + 1)).toBe("denied");
  });

  it("longer when its time is yet to come, as its signer wanted", () => {
    expect(check({ expire_time: 0 }, `/a?auth_key=${signA("/a", { time: `${SECONDS + 999}` })}`)).toBe("/a");
  });
});

describe("only matching paths need a signature", () => {
  const catalog = { match_type: "catalog", match_value: "/secret;/more" } as const;

  it.each([
    "/secret",
    "/secret/x",
    "/%73ecret",
    "//secret",
    "/a/../secret",
    "/a/%2e%2e/secret",
    "/./secret/",
    "/secret%2Fx",
    "/secret%5Cx",
    "/SECRET/../secret",
    "/more/x",
    "/secret.",
    "/secret..%20",
    "/secret./x",
    "/secret;x",
    "/secret;v=1/x",
    "/secret%3Bx",
    "/secret;x.jpg",
  ])("%s needs one however it is written", (path) => {
    expect(check(catalog, path)).toBe("denied");
  });

  it.each(["/public", "/secretive", "/secret.x", "/public;x/secret", "/x/secret", "/Secret"])(
    "%s is another path",
    (path) => {
      expect(check(catalog, path)).toBe(path);
    },
  );

  it("what looks like a signature and is not asked for stays where it is", () => {
    const a = signA("/public");
    expect(check(catalog, `/public?auth_key=${a}`)).toBe(`/public?auth_key=${a}`);
    const b = signB("/public");
    expect(check({ type: "type_b", ...catalog }, `${b}/public`)).toBe(`${b}/public`);
  });

  it("a signature in the path does not hide which path is asked for", () => {
    expect(check({ type: "type_b", ...catalog }, `${signB("/public")}/secret`)).toBe("denied");
    expect(check({ type: "type_b", ...catalog }, `${signB("/secret")}/secret`)).toBe("/secret");
    expect(check({ type: "type_b", ...catalog }, `/${MINUTE}/${"0".repeat(32)}/secret`)).toBe("denied");
    expect(check({ type: "type_b", ...catalog }, `/${MINUTE}/${"0".repeat(32)}//secret`)).toBe("denied");
    expect(check({ type: "type_b", ...catalog }, `/%32${MINUTE.slice(1)}/${"0".repeat(32)}/secret`)).toBe("denied");
  });

  it("file_extension and full_path are compared with the path that is served", () => {
    const mp4 = { match_type: "file_extension", match_value: ".mp4" } as const;
    expect(check(mp4, "/a.%6Dp4")).toBe("denied");
    expect(check(mp4, "/a.mp4;x")).toBe("denied");
    expect(check(mp4, "/a.mp4.")).toBe("denied");
    expect(check(mp4, "/a.mp4x")).toBe("/a.mp4x");
    expect(check({ match_type: "full_path", match_value: "/a/*.m3u8" }, "/a/b/c.m3u8")).toBe("denied");
  });
});

describe("what a function made of the URL", () => {
  const strip = (auth: Partial<UrlAuth>, target: string, other: string): string => {
    const judge = compileUrlAuth({ ...standard, ...auth });
    const url = judge?.(urlOf(target), NOW)?.strip(urlOf(other));
    return `${url?.path}${url?.query}`;
  };

  it("loses the proof, too, and nothing else", () => {
    const a = signA("/a");
    expect(strip({}, `/a?auth_key=${a}`, `/moved?k=1&auth_key=${a}`)).toBe("/moved?k=1");
    expect(strip({}, `/a?auth_key=${a}`, "/moved?k=1")).toBe("/moved?k=1");
    const b = signB("/a");
    expect(strip({ type: "type_b" }, `${b}/a`, `${b}/moved`)).toBe("/moved");
    expect(strip({ type: "type_b" }, `${b}/a`, "/moved")).toBe("/moved");
  });
});

it("is undefined when it is off", () => {
  expect(check({ status: "off" }, "/a")).toBe("off");
});
