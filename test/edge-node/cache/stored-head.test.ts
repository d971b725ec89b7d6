import { describe, expect, it } from "vitest";
import { decodeHead, encodeAnswerHead, encodeVaryHead } from "../../../edge-node/cache/stored-head.ts";
import { answer } from "../support/stored-answers.ts";

const whole = answer({
  status: 404,
  headers: 'content-type:text/x\netag:"\xe9"\n',
  bornAt: 1,
  freshUntil: 2.5,
  staleWhileRevalidateUntil: 3,
  staleIfErrorUntil: 4,
  staleOnFailureUntil: 5,
  isFixed: true,
  domain: "*.site.test",
  path: "/a%20b",
  query: "?c=d",
  tags: ["x", "y"],
  requestedAt: 6,
});

/** The fields of `whole` as they are written, one of them changed. */
function withField(index: number, value: unknown): Uint8Array {
  const fields = JSON.parse(Buffer.from(encodeAnswerHead(whole)).toString()) as unknown[];
  fields[index] = value;
  return Buffer.from(JSON.stringify(fields));
}

describe("the head of a stored answer", () => {
  it.each([
    ["all fields", whole],
    ["nothing said", answer()],
    ["validated at each use", answer({ isAlwaysValidated: true })],
    ["fixed and validated", answer({ isFixed: true, isAlwaysValidated: true })],
  ])("comes back as it was: %s", (_case, stored) => {
    const { body: _body, bodyBytes: _bytes, ...head } = stored;
    expect(decodeHead(encodeAnswerHead(stored))).toEqual(head);
  });

  it("says nothing of the body", () => {
    expect(encodeAnswerHead(answer())).toEqual(encodeAnswerHead(answer({ bodyBytes: 7, body: new Uint8Array(7) })));
  });

  it.each<[string, number, unknown]>([
    ["the version before, which kept fields that the origin excludes", 0, 1],
    ["a later version", 0, 3],
    ["another kind", 1, "reply"],
    ["an informational status", 2, 103],
    ["a part", 2, 206],
    ["not modified", 2, 304],
    ["no status there is", 2, 600],
    ["a status in words", 2, "200"],
    ["unknown flags", 3, 4],
    ["a time too few", 4, [1, 2, 3, 4, 5]],
    ["a time that is none", 4, [1, 2, 3, 4, 5, null]],
    ["a time beyond all dates", 4, [1, 2, 3, 4, 5, 1e17]],
    ["a line feed in the domain", 5, "a\nb"],
    ["no domain", 5, null],
    ["a path without a beginning", 6, "a"],
    ["a path with a line feed", 6, "/a\n"],
    ["a query without a mark", 7, "a"],
    ["an empty tag", 8, [""]],
    ["too many tags", 8, Array.from({ length: 65 }, () => "t")],
    ["a tag too long", 8, ["t".repeat(257)]],
    ["tags that are none", 8, "x"],
    ["a carriage return in a header", 9, "a:b\r\nc:d\n"],
    ["an empty line among the headers", 9, "a:b\n\nc:d\n"],
    ["a header without its end", 9, "a:b"],
    ["a header without a colon", 9, "a\n"],
    ["a header name with a blank", 9, "a b:c\n"],
    ["a header name in capitals", 9, "Vary:a\n"],
    ["a NUL in a header", 9, "a:\0\n"],
    ["a character beyond Latin-1", 9, "a:\u0100\n"],
    ["one field more", 10, 0],
  ])("is not used with %s", (_case, index, value) => {
    expect(decodeHead(withField(index, value))).toBeUndefined();
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "[1,"],
    ["no list", '{"0":1}'],
    ["null", "null"],
    ["an empty list", "[]"],
    ["bytes that are no UTF-8", Buffer.from([0xff, 0xfe])],
  ])("is not used when it is %s", (_case, bytes) => {
    expect(decodeHead(Buffer.from(bytes as string))).toBeUndefined();
  });
});

describe("the mark of what varies", () => {
  it("comes back as it was", () => {
    const mark = { since: 1_700_000_000_000, names: ["accept", "accept-encoding"] };
    expect(decodeHead(encodeVaryHead(mark))).toEqual({ kind: "vary", ...mark });
  });

  it.each<[string, unknown]>([
    ["no name", []],
    ["a name in capitals", ["Accept"]],
    ["a name with a line feed", ["a\nb"]],
    ["a star", ["*"]],
    ["names in another order", ["b", "a"]],
    ["a name twice", ["a", "a"]],
    ["too many names", Array.from({ length: 300 }, (_, index) => `n${String(index).padStart(3, "0")}`)],
    ["a name that is none", [1]],
    ["no list", "a"],
  ])("is not used with %s", (_case, names) => {
    expect(decodeHead(Buffer.from(JSON.stringify([2, "vary", 1, names])))).toBeUndefined();
  });

  it.each([-1, 1.5, "1", null, 1e17])("is not used with the time %j", (since) => {
    expect(decodeHead(Buffer.from(JSON.stringify([2, "vary", since, ["a"]])))).toBeUndefined();
  });
});
