import { expect, it } from "vitest";
import { ShownHeads } from "../../../edge-node/pipeline/shown-heads.ts";
import { answer } from "../support/stored-answers.ts";

it("shows a stored answer's fields with its age, made once a second", () => {
  const heads = new ShownHeads();
  const [one, other] = [answer({ headers: "a:1\n" }), answer({ headers: "a:2\n" })];
  const first = heads.of(one, one.bornAt + 1_000);
  expect(first.headers).toBe("a:1\nage:1\n");
  expect(heads.of(other, other.bornAt + 1_000).headers).toBe("a:2\nage:1\n");
  expect(heads.of(one, one.bornAt + 1_999)).toBe(first);
  expect(heads.of(one, one.bornAt + 2_000).headers).toBe("a:1\nage:2\n");
  expect(heads.of(one, one.bornAt - 5_000).headers).toBe("a:1\nage:0\n");
});
