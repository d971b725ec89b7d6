import { describe, expect, it } from "vitest";
import { parsePreheat, parsePurge, type DomainLookup } from "../../sdk/purge-parser.ts";
import { formatPurgePosition, noPurges, parsePurgePosition } from "../../sdk/purge-position.ts";
import { problemLines } from "./expect-problems.ts";

const known = ["www.example.com", "*.example.org"];
const lookup: DomainLookup = {
  findDomain: async (hostname) =>
    hostname === "a.example.org" ? "*.example.org" : (await lookup.isDomain(hostname)) ? hostname : null,
  isDomain: async (name) => known.includes(name),
};
const www = "www.example.com";

describe("parsePurge() takes", () => {
  it.each<[unknown, object]>([
    [
      { type: "url", urls: ["https://www.example.com/a?b=1#c", "http://A.example.org:8080/../x y"] },
      {
        mode: "hard",
        targets: [
          { kind: "url", domain: www, url: "/a?b=1" },
          { kind: "url", domain: "*.example.org", url: "/x%20y" },
        ],
        waitSeconds: 10,
      },
    ],
    [
      { type: "url", urls: ["http://www.example.com./"] },
      { mode: "hard", targets: [{ kind: "url", domain: www, url: "/" }], waitSeconds: 10 },
    ],
    [
      { type: "directory", mode: "soft", urls: ["http://www.example.com/img/"], waitSeconds: 0 },
      { mode: "soft", targets: [{ kind: "directory", domain: www, path: "/img/" }], waitSeconds: 0 },
    ],
    [
      { type: "tag", tags: ["red", "a:1"] },
      {
        mode: "hard",
        targets: [
          { kind: "tag", domain: null, tag: "red" },
          { kind: "tag", domain: null, tag: "a:1" },
        ],
        waitSeconds: 10,
      },
    ],
    [
      { type: "all", domain: "*.example.org" },
      { mode: "hard", targets: [{ kind: "all", domain: "*.example.org" }], waitSeconds: 10 },
    ],
    [{ type: "all" }, { mode: "hard", targets: [{ kind: "all", domain: null }], waitSeconds: 10 }],
  ])("%j", async (input, expected) => {
    expect(await parsePurge(input, lookup)).toEqual({ ok: true, value: expected });
  });
});

describe("parsePurge() refuses, all problems together:", () => {
  it.each<[string, unknown, readonly string[]]>([
    ["no object", [], ["input: received [], allowed: an object"]],
    [
      "an unknown type",
      { type: "x", mode: "y" },
      ['type: received "x", allowed: url, directory, tag, all', 'mode: received "y", allowed: hard, soft'],
    ],
    ["no URL", { type: "url" }, ["urls: is required, allowed: 1..100 URLs"]],
    [
      "bad URLs, unknown hosts, keys of another type and a long wait",
      {
        type: "url",
        urls: ["ftp://www.example.com/", "/a", 1, "http://u:p@www.example.com/", "http://other.example.com/a"],
        domain: www,
        waitSeconds: 31,
      },
      [
        "waitSeconds: received 31, allowed: an integer 0..30",
        ...['"ftp://www.example.com/"', '"/a"', "1", '"http://u:p@www.example.com/"'].map(
          (text, index) =>
            `urls[${index}]: received ${text}, allowed: an absolute http or https URL of a configured domain, without user name and password`,
        ),
        'urls[4]: received "http://other.example.com/a", but no domain serves "other.example.com"',
        "domain: is not a key, allowed: type, mode, waitSeconds, urls",
      ],
    ],
    ["too many", { type: "tag", tags: Array(101).fill("a") }, ["tags: received 101 entries, allowed: at most 100"]],
    [
      "directories that are none",
      { type: "directory", urls: ["http://www.example.com/a", "http://www.example.com/a/?b"] },
      ["/a", "/a/?b"].map(
        (path, index) =>
          `urls[${index}]: received "http://www.example.com${path}", allowed: a URL that ends with "/", without query, its path of at most 2048 characters`,
      ),
    ],
    [
      "tags that no header can hold",
      { type: "tag", tags: ["a b", "a,b", "", "\u00e9"], domain: "none.example.com" },
      [
        'domain: received "none.example.com", allowed: a configured domain, or none for all domains',
        ...['"a b"', '"a,b"', '""', '"\u00e9"'].map(
          (text, index) =>
            `tags[${index}]: received ${text}, allowed: 1..256 characters of visible ASCII without space and comma`,
        ),
      ],
    ],
    [
      "more characters than one purge may have",
      {
        type: "url",
        urls: Array.from({ length: 5 }, (_, index) => `http://www.example.com/${"x".repeat(16_000)}${index}`),
      },
      ["urls: received 80010 characters of targets, allowed: at most 65536"],
    ],
  ])("%s", async (_claim, input, problems) => {
    expect(problemLines(await parsePurge(input, lookup))).toEqual(problems);
  });
});

it("parsePreheat() takes each URL once, without its fragment", async () => {
  const urls = ["http://www.example.com/a#b", "http://www.example.com/a", "https://www.example.com/a"];
  expect(await parsePreheat({ urls }, lookup)).toEqual({
    ok: true,
    value: { urls: ["http://www.example.com/a", "https://www.example.com/a"], waitSeconds: 10 },
  });
  expect(problemLines(await parsePreheat({ urls: [], tags: [] }, lookup))).toEqual([
    "urls: is required, allowed: 1..100 URLs",
    "tags: is not a key, allowed: waitSeconds, urls",
  ]);
});

it("positions keep their meaning as text; anything else is none", () => {
  for (const position of [noPurges, { sequence: 12, id: "a-b1" }]) {
    expect(parsePurgePosition(formatPurgePosition(position))).toEqual(position);
  }
  expect(["", "1", "x.y", "-1.a", "1.a b", `${"9".repeat(16)}.a`].map(parsePurgePosition)).toEqual(Array(6).fill(null));
});
