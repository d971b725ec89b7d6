import { describe, expect, it } from "vitest";
import { DiskBody } from "../../../edge-node/cache/disk-body.ts";
import { compareStanding } from "../../../edge-node/cache/standing-entry.ts";
import { encodeAnswerHead, encodeVaryHead } from "../../../edge-node/cache/stored-head.ts";
import type { StoredAnswer } from "../../../edge-node/cache/stored-answer.ts";
import { answer } from "../support/stored-answers.ts";

const NOW = 100_000;
const tagged = { headers: 'etag:"a"\n' };

/** Fresh for that long from now on, and used for nothing after that. */
function lasting(freshMs: number, change: Partial<StoredAnswer> = {}): StoredAnswer {
  const until = NOW + freshMs;
  const ends = { freshUntil: until, staleWhileRevalidateUntil: until, staleIfErrorUntil: until };
  return answer({ ...tagged, requestedAt: NOW, ...ends, staleOnFailureUntil: until, ...change });
}

const check = (before: StoredAnswer, renewed: StoredAnswer): string =>
  compareStanding({ head: encodeAnswerHead(before), bodyBytes: before.bodyBytes }, renewed, NOW);

const onDisk = {
  body: new DiskBody({
    head: Buffer.alloc(0),
    bodyBytes: 100,
    body: none,
    isAtHand: false,
    isLasting: false,
    lend: () => false,
    take: () => undefined,
  }),
};

describe("an entry with the body that the origin confirmed", () => {
  it.each<[string, StoredAnswer, StoredAnswer]>([
    ["is fresh again", lasting(-1, { requestedAt: 1 }), lasting(60_000)],
    ["was fresh for longer", lasting(60_000, { requestedAt: 1 }), lasting(1_000)],
    ["was fresh, and is validated at each use now", lasting(60_000), lasting(0, { isAlwaysValidated: true })],
    ["might have been used when the origin fails", lasting(-1, { staleOnFailureUntil: NOW + 9 }), lasting(0)],
    ["might have been used while it is renewed", lasting(-1, { staleWhileRevalidateUntil: NOW + 9 }), lasting(0)],
    ["might have been used instead of an error", lasting(-1, { staleIfErrorUntil: NOW + 9 }), lasting(0)],
    ["is fresh for a moment and nowhere else", lasting(-1, onDisk), lasting(1_000, onDisk)],
  ])("gets the new head when it %s", (_case, before, renewed) => {
    expect(check(before, renewed)).toBe("renewable");
  });

  it.each<[string, StoredAnswer, StoredAnswer]>([
    [
      "is validated at each use, as before",
      lasting(-9, { isAlwaysValidated: true }),
      lasting(0, { isAlwaysValidated: true }),
    ],
    ["is fresh for a moment in memory", lasting(-9), lasting(1_000)],
  ])("is left as it is when it %s", (_case, before, renewed) => {
    expect(check(before, renewed)).toBe("settled");
  });
});

it.each<[string, StoredAnswer]>([
  ["another length", lasting(60_000, { bodyBytes: 99 })],
  ["other validators", lasting(60_000, { headers: 'etag:"b"\n' })],
  ["no validators", lasting(60_000, { headers: "" })],
])("an entry with %s is another one", (_case, before) => {
  expect(check(before, lasting(60_000))).toBe("other");
});

it("an entry that cannot be read is another one", () => {
  expect(compareStanding({ head: Buffer.from("?"), bodyBytes: 100 }, lasting(60_000), NOW)).toBe("other");
});

it.each([
  ["an answer", encodeAnswerHead(lasting(60_000, { requestedAt: NOW + 1 }))],
  ["a mark", encodeVaryHead({ names: ["a"], since: NOW + 1 })],
])("%s that was asked for later is newer", (_case, head) => {
  expect(compareStanding({ head, bodyBytes: 100 }, lasting(60_000), NOW)).toBe("newer");
});

async function* none(): AsyncGenerator<Uint8Array> {}
