import { describe, expect, it } from "vitest";
import { parseKeptPurges, parsePreheatMessage, parsePurges } from "../../../edge-node/control/purges-parser.ts";
import { parseStreamMessage } from "../../../edge-node/control/stream-message-parser.ts";
import type { PurgesMessage } from "../../../sdk/purge.ts";

const message: PurgesMessage = {
  kind: "purges",
  since: 1,
  position: { sequence: 3, id: "a-1" },
  everything: false,
  purges: [
    { sequence: 2, mode: "soft", targets: [{ kind: "url", domain: "a.test", url: "/a?b" }] },
    {
      sequence: 3,
      mode: "hard",
      targets: [
        { kind: "directory", domain: "a.test", path: "/" },
        { kind: "tag", domain: null, tag: "x" },
        { kind: "all", domain: "a.test" },
      ],
    },
  ],
};
const everything: PurgesMessage = { ...message, since: 0, everything: true, purges: [] };
const withTarget = (target: unknown): unknown => ({
  ...message,
  purges: [{ sequence: 2, mode: "hard", targets: [target] }],
});

it("purges come out as they were sent", () => {
  expect(parsePurges(message)).toEqual({ ok: true, value: message });
  expect(parseStreamMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
});

describe("everything is purged for", () => {
  it.each<[string, unknown]>([
    ["a target of a kind that is not known", withTarget({ kind: "cookie", name: "x" })],
    ["a target without a domain", withTarget({ kind: "url", url: "/" })],
    ["a domain that is no text", withTarget({ kind: "all", domain: 1 })],
    ["a mode that is not known", { ...message, purges: [{ sequence: 2, mode: "gentle", targets: [] }] }],
    ["purges that are no list", { ...message, purges: 1 }],
    ["no word on everything", { ...message, everything: undefined }],
    ["a beginning that is no number", { ...message, since: "1" }],
  ])("%s", (_claim, input) => {
    expect(parsePurges(input)).toEqual({ ok: true, value: everything });
  });
});

it.each([[null], [[]], [{}], [{ position: { sequence: -1, id: "" } }], [{ position: { sequence: 1, id: "a b" } }]])(
  "%j says not how far it goes and is refused",
  (input) => {
    expect(parsePurges(input).ok).toBe(false);
  },
);

it.each<[unknown, boolean]>([
  [{ id: "a", urls: ["http://a.test/"] }, true],
  [{ id: "a b", urls: [] }, false],
  [{ id: "a", urls: ["/a"] }, false],
  [{ id: "a", urls: Array(101).fill("http://a.test/") }, false],
])("the preheat %j is taken: %s", (input, isOk) => {
  expect(parsePreheatMessage(input).ok).toBe(isOk);
});

it.each<[unknown, boolean]>([
  [{ position: { sequence: 0, id: "" }, purges: [] }, true],
  [
    {
      position: { sequence: 1, id: "a" },
      purges: [{ sequence: 1, mode: "hard", at: 5, target: { kind: "all", domain: null } }],
    },
    true,
  ],
  [
    {
      position: { sequence: 1, id: "a" },
      purges: [{ sequence: 1, mode: "hard", target: { kind: "all", domain: null } }],
    },
    false,
  ],
  [{ purges: [] }, false],
])("what was kept, %j, is taken: %s", (input, isOk) => {
  expect(parseKeptPurges(input).ok).toBe(isOk);
});
