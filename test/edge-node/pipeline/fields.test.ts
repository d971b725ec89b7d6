import { describe, expect, it } from "vitest";
import { clientAddress } from "../../../edge-node/front/client-address.ts";
import { parseHostField } from "../../../edge-node/front/host-field.ts";
import { formatCacheNote, forwardNote } from "../../../edge-node/pipeline/cache-note.ts";
import { isHeaderText } from "../../../edge-node/pipeline/header-grammar.ts";
import { removeHopByHop } from "../../../edge-node/pipeline/hop-headers.ts";
import { isLoop, nextCdnLoop } from "../../../edge-node/pipeline/loop-guard.ts";
import { parseWireUrl } from "../../../edge-node/pipeline/wire-url.ts";

describe("removeHopByHop()", () => {
  it("takes away the fixed fields and those Connection names", () => {
    expect(removeHopByHop("connection:close, X-A\nconnection:x-b\nx-a:1\nx-b:2\nte:x\nkept:3\n")).toBe("kept:3\n");
  });
  it("does not let Connection take away what a message means", () => {
    expect(
      removeHopByHop(
        "connection:host, content-length, cache-control\nhost:a\ncontent-length:1\ncache-control:private\n",
      ),
    ).toBe("host:a\ncontent-length:1\ncache-control:private\n");
  });
});

describe("isHeaderText()", () => {
  it.each(["", "a:\n", "a:b\n", "x-a:b:c\n", "a:\xe9 \t\n", `a:${"x".repeat(65_000)}\n`, "a:b\n".repeat(10_000)])(
    "takes %#",
    (text) => {
      expect(isHeaderText(text)).toBe(true);
    },
  );
  it.each(["a", "a:b", ":b\n", "A:b\n", "a b:c\n", "a:b\r\n", "a:b\n\n", "a:\0\n", "a:\u0100\n", "é:b\n"])(
    "refuses %j",
    (text) => {
      expect(isHeaderText(text)).toBe(false);
    },
  );
});

describe("loops", () => {
  it("are counted by this CDN's name only", () => {
    const hops = (count: number): string => Array.from({ length: count }, () => "Selvage; v=1").join(", ");
    expect([isLoop(""), isLoop(hops(7)), isLoop(hops(8)), isLoop(`other, ${hops(7)}`)]).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect([nextCdnLoop(""), nextCdnLoop("other")]).toEqual(["selvage", "other, selvage"]);
  });
});

describe("parseHostField()", () => {
  it.each([
    ["a.test", "a.test", "a.test"],
    ["A.TEST", "a.test", "a.test"],
    ["a.test.", "a.test", "a.test"],
    ["a.test:80", "a.test", "a.test"],
    ["a.test:8080", "a.test:8080", "a.test"],
    ["a.test:08080", "a.test:8080", "a.test"],
    ["[::1]:81", "[::1]:81", "[::1]"],
    ["1.2.3.4", "1.2.3.4", "1.2.3.4"],
    ["x", "x", "x"],
    ["a_b.test", "a_b.test", "a_b.test"],
  ])("%s is host %s, name %s", (value, host, hostname) => {
    expect(parseHostField(value, { scheme: "http" })).toEqual({ host, hostname });
  });
  it.each([
    "",
    ".",
    "a.test:",
    "a.test:0",
    "a.test:65536",
    "a@b",
    "a/b",
    "a,b",
    "a b",
    "[::1",
    "::1",
    "-a",
    "a..",
    "é.test",
    "a%2eb",
    "x".repeat(400),
  ])("%j is none", (value) => {
    expect(parseHostField(value, { scheme: "http" })).toBeNull();
  });
});

describe("parseWireUrl()", () => {
  it("brings what a function chose into the form that goes out", () => {
    expect(parseWireUrl("HTTP://A.test:80//x/%2e%2e/{y}?q=<z>")).toEqual({
      href: "http://a.test/%7By%7D?q=%3Cz%3E",
      scheme: "http",
      host: "a.test",
      hostname: "a.test",
      path: "/%7By%7D",
      query: "?q=%3Cz%3E",
      match: "/{y}",
      lenientMatch: "/{y}",
      writtenPath: "//%7By%7D",
      derived: null,
    });
  });
  it.each(["", "x", "ftp://a/", "http://u@a/", "http://:p@a/", "http://a/%00", "http://a/b%2f..%2fc"])(
    "%j is none",
    (href) => {
      expect(parseWireUrl(href)).toBeNull();
    },
  );
});

it.each([
  [[10, 0, 0, 1], "10.0.0.1"],
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1], "10.0.0.1"],
  [[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "2001:db8::1"],
  [[], ""],
])("clientAddress(%j) is %s", (octets, text) => {
  expect(clientAddress(new Uint8Array(octets).buffer)).toBe(text);
});

it("formatCacheNote() follows RFC 9211", () => {
  expect(formatCacheNote({ kind: "hit", ttlSeconds: 5, detail: null })).toBe("Selvage; hit; ttl=5");
  expect(formatCacheNote({ kind: "hit", ttlSeconds: -5, detail: "STALE_WHILE_REVALIDATE" })).toBe(
    "Selvage; hit; ttl=-5; detail=STALE_WHILE_REVALIDATE",
  );
  expect(formatCacheNote(forwardNote("uri-miss", null))).toBe("Selvage; fwd=uri-miss");
  expect(formatCacheNote({ kind: "local", detail: "ANSWERED" })).toBe("Selvage; detail=ANSWERED");
  const all = { status: 304, ttlSeconds: 9, stored: true, collapsed: true, detail: "FAILED" } as const;
  expect(formatCacheNote({ kind: "forward", reason: "stale", ...all })).toBe(
    "Selvage; fwd=stale; fwd-status=304; ttl=9; stored; collapsed; detail=FAILED",
  );
});
