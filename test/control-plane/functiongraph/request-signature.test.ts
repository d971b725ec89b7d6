import { createHash, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  isSameSignature,
  parseAuthorization,
  parseSignatureDate,
  signatureOf,
  type SignedRequest,
} from "../../../control-plane/functiongraph/request-signature.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const signedHeaders = ["content-type", "host", "x-sdk-date"];
const request: SignedRequest = {
  method: "GET",
  target: "/v2/p/fgs/functions?maxitems=2&func_name=a%20b",
  headers: { "content-type": "application/json", host: "127.0.0.1:1", "x-sdk-date": "20261121T225124Z" },
  body: Buffer.from(""),
};
const sign = (change: Partial<SignedRequest> = {}, names: readonly string[] = signedHeaders): string | null =>
  signatureOf({ ...request, ...change }, { secretKey: "secret", signedHeaders: names });

describe("the signature", () => {
  it("is the one of the published recipe, written out", () => {
    const canonical = [
      "GET",
      "/v2/p/fgs/functions/",
      "func_name=a%20b&maxitems=2",
      "content-type:application/json\nhost:127.0.0.1:1\nx-sdk-date:20261121T225124Z\n",
      "content-type;host;x-sdk-date",
      sha256(""),
    ].join("\n");
    const toSign = `SDK-HMAC-SHA256\n20261121T225124Z\n${sha256(canonical)}`;
    expect(sign()).toBe(createHmac("sha256", "secret").update(toSign).digest("hex"));
  });

  it.each<[string, Partial<SignedRequest>]>([
    ["the method", { method: "PUT" }],
    ["the path", { target: "/v2/q/fgs/functions?maxitems=2&func_name=a%20b" }],
    ["a parameter", { target: "/v2/p/fgs/functions?maxitems=3&func_name=a%20b" }],
    ["one more parameter", { target: `${request.target}&x=` }],
    ["a named field", { headers: { ...request.headers, host: "127.0.0.1:2" } }],
    ["the body", { body: Buffer.from("{}") }],
  ])("covers %s", (_what, change) => {
    expect(sign(change)).not.toBe(sign());
  });

  it("covers the body that came, whatever a field says its hash is", () => {
    const other = { body: Buffer.from("{}"), headers: { ...request.headers, "x-sdk-content-sha256": sha256("") } };
    expect(sign(other)).not.toBe(sign());
    expect(sign({ headers: { ...request.headers, "x-sdk-content-sha256": "UNSIGNED-PAYLOAD" } })).toBe(sign());
  });

  it("takes parameters in any order, and fields that it does not name", () => {
    expect(sign({ target: "/v2/p/fgs/functions?func_name=a%20b&maxitems=2" })).toBe(sign());
    expect(sign({ headers: { ...request.headers, accept: "x" } })).toBe(sign());
  });

  it("sorts parameters by name before value, where one name begins with another", () => {
    const one = sign({ target: "/p?a-b=1&a=2" });
    expect(one).toBe(sign({ target: "/p?a=2&a-b=1" }));
  });

  it("is none when a named field is missing", () => {
    expect(sign({}, [...signedHeaders, "x-project-id"])).toBeNull();
  });

  it("does not break on a parameter that cannot be decoded", () => {
    expect(sign({ target: "/p?a=%E0%A4%A" })).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("the Authorization field", () => {
  const hex = "0".repeat(64);
  it("is read", () => {
    expect(parseAuthorization(`SDK-HMAC-SHA256 Access=AK1, SignedHeaders=host;x-sdk-date, Signature=${hex}`)).toEqual({
      accessKey: "AK1",
      signedHeaders: ["host", "x-sdk-date"],
      signature: hex,
    });
  });

  it.each([
    "",
    "Bearer abc",
    `SDK-HMAC-SHA256 Access=, SignedHeaders=host, Signature=${hex}`,
    `SDK-HMAC-SHA256 Access=AK 1, SignedHeaders=host, Signature=${hex}`,
    `SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;;a, Signature=${hex}`,
    `SDK-HMAC-SHA256 Access=AK, SignedHeaders=Host, Signature=${hex}`,
    `SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=${hex}0`,
    `V11-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=${hex}`,
    `SDK-HMAC-SHA256 Access=AK, SignedHeaders=${"a;".repeat(65)}a, Signature=${hex}`,
    `SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=${hex}${" ".repeat(5_000)}`,
  ])("%j is of another form", (field) => {
    expect(parseAuthorization(field)).toBeNull();
  });
});

it.each([
  ["20261121T225124Z", Date.parse("2026-11-21T22:51:24Z")],
  ["20261121T225124", null],
  ["20261321T225124Z", null],
  ["2026-11-21T22:51:24Z", null],
  ["", null],
])("the date %j", (text, at) => {
  expect(parseSignatureDate(text)).toBe(at);
});

it("signatures are compared whole", () => {
  expect([isSameSignature("ab", "ab"), isSameSignature("ab", "ac"), isSameSignature("ab", "abc")]).toEqual([
    true,
    false,
    false,
  ]);
});
