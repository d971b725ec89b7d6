import { describe, expect, it } from "vitest";
import { nothingPurged, type PurgeJudgement } from "../../../edge-node/cache/purge-view.ts";
import { readRequestControl } from "../../../edge-node/cache/request-control.ts";
import { judgeReuse } from "../../../edge-node/cache/reuse.ts";
import type { StoredAnswer } from "../../../edge-node/cache/stored-answer.ts";
import { answer } from "../support/stored-answers.ts";

function judge(
  now: number,
  options: { readonly asked?: string; readonly purge?: PurgeJudgement; readonly change?: Partial<StoredAnswer> } = {},
): string {
  const { asked, purge, change = {} } = options;
  const control = asked === undefined ? null : readRequestControl(asked);
  const purges = purge === undefined ? nothingPurged : { isEmpty: false, judge: () => purge };
  return judgeReuse(answer({ freshUntil: 60_000, ...change }), { now, control, purges });
}

const renewable = { staleWhileRevalidateUntil: 90_000 };
const lastResort = { staleOnFailureUntil: 3_600_000 };

describe("judgeReuse() of an answer that is fresh for 60 seconds", () => {
  it.each<[number, Partial<StoredAnswer>, string]>([
    [0, {}, "fresh"],
    [59_999, {}, "fresh"],
    [60_000, {}, "stale"],
    [60_000, renewable, "stale-while-revalidate"],
    [89_999, renewable, "stale-while-revalidate"],
    [90_000, renewable, "stale"],
  ])("after %i ms with %j is %s", (now, change, expected) => {
    expect(judge(now, { change })).toBe(expected);
  });

  it.each<[string, number, Partial<StoredAnswer>, string]>([
    ["cache-control:no-cache\n", 1, {}, "client-asked"],
    ["pragma:no-cache\n", 1, {}, "client-asked"],
    ["pragma:no-cache\ncache-control:x\n", 1, {}, "fresh"],
    ["cache-control:max-age=0\n", 1, {}, "client-asked"],
    ["cache-control:max-age=10\n", 9_999, {}, "fresh"],
    ["cache-control:max-age=10\n", 10_000, {}, "client-asked"],
    ["cache-control:min-fresh=50\n", 10_000, {}, "fresh"],
    ["cache-control:min-fresh=50\n", 10_001, {}, "client-asked"],
    ["cache-control:no-store\n", 1, {}, "fresh"],
    ["cache-control:only-if-cached\n", 1, {}, "fresh"],
    ["cache-control:max-stale=5\n", 64_999, lastResort, "stale-accepted"],
    ["cache-control:max-stale=5\n", 65_000, lastResort, "stale"],
    ["cache-control:max-stale\n", 999_000, lastResort, "stale-accepted"],
    ["cache-control:max-stale\n", 999_000, {}, "stale"],
    ["cache-control:no-cache, max-stale\n", 999_000, lastResort, "client-asked"],
    // The operator's time, or what never changes: not for clients to shorten.
    ["cache-control:no-cache\n", 1, { isFixed: true }, "fresh"],
    ["cache-control:max-age=0\n", 1, { isFixed: true }, "fresh"],
    ["cache-control:no-cache\n", 60_000, { isFixed: true }, "client-asked"],
  ])("for %j after %i ms with %j is %s", (asked, now, change, expected) => {
    expect(judge(now, { asked, change })).toBe(expected);
  });

  it.each<[PurgeJudgement, number, Partial<StoredAnswer>, string]>([
    ["kept", 1, {}, "fresh"],
    ["stale", 1, {}, "stale"],
    ["stale", 1, renewable, "stale-while-revalidate"],
    ["stale", 90_000, renewable, "stale"],
    ["gone", 1, renewable, "gone"],
  ])("that purges call %s after %i ms with %j is %s", (purge, now, change, expected) => {
    expect(judge(now, { purge, change })).toBe(expected);
  });
});
