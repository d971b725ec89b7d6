/** The claims of the demo's transcript: it cannot call a wrong answer right. */
import { describe, expect, test } from "vitest";
import type { Answer } from "../../bench/harness/http-exchange.ts";
import { differences, Transcript } from "./transcript.ts";

const answer: Answer = {
  status: 200,
  headers: { "content-type": "text/plain", vary: "accept" },
  body: Buffer.from("hello"),
  headMs: 1,
  totalMs: 2,
};

describe("differences()", () => {
  test("finds none where everything named is so", () => {
    const expected = { status: 200, bytes: 5, headers: { vary: "accept", "content-type": /^text/ }, contains: "ell" };
    expect(differences(answer, { ...expected, absent: ["set-cookie"] })).toEqual([]);
  });

  test.each([
    [{ status: 404 }, /^status: expected 404: received 200$/],
    [{ status: 200, bytes: 6 }, /^bytes: expected 6: received 5$/],
    [{ status: 200, headers: { vary: "cookie" } }, /^vary: expected cookie: received accept$/],
    [{ status: 200, headers: { vary: /^x/ } }, /^vary: expected to match/],
    [{ status: 200, headers: { etag: /./ } }, /^etag: expected to match .* received undefined$/],
    [{ status: 200, headers: { etag: "a" } }, /^etag: expected a: received undefined$/],
    [{ status: 200, absent: ["vary"] }, /^vary: expected undefined: received accept$/],
    [{ status: 200, contains: "bye" }, /^body: expected to hold "bye": received "hello"$/],
  ])("finds what is not as in %j", (expected, message) => {
    const found = differences(answer, expected);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });
});

describe("Transcript", () => {
  function transcript(): { readonly lines: string[]; readonly it: Transcript } {
    const lines: string[] = [];
    return { lines, it: new Transcript({ write: (text) => lines.push(text), send: () => Promise.resolve(answer) }) };
  }

  test("is not as expected when nothing was asked", () => {
    expect(transcript().it.isAsExpected).toBe(false);
  });

  test("prints request, answer and what was shown of it", async () => {
    const { lines, it } = transcript();
    await it.request({
      exchange: { url: "http://127.0.0.1:1/a?b=c" },
      note: "plain",
      expect: { status: 200 },
      show: ({ headers }) => headers["vary"] ?? "",
    });
    expect(lines.join("")).toMatch(/^ {2}ok +GET \/a\?b=c {2}\(plain\) +200, 5 B, accept\n$/);
    expect([it.summary, it.isAsExpected]).toEqual(["1 of 1 answers as expected", true]);
  });

  test("one wrong answer or claim makes the whole not as expected", async () => {
    const { lines, it } = transcript();
    await it.request({ exchange: { url: "http://127.0.0.1:1/" }, expect: { status: 200 } });
    await it.request({ exchange: { url: "http://127.0.0.1:1/", method: "POST" }, expect: { status: 201 } });
    it.claim("the origin was not asked", "it was asked twice");
    expect([it.summary, it.isAsExpected]).toEqual(["1 of 3 answers as expected", false]);
    expect(lines.join("")).toMatch(/NOT OK POST .*\n +status: expected 201: received 200\n/);
  });
});
