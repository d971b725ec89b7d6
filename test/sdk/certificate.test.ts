import { describe, expect, it } from "vitest";
import { parseCertificate } from "../../sdk/certificate.ts";
import { certificateOf, chainOf, keyOf } from "../support/certificates.ts";
import { parsedValue, problemLines } from "./expect-problems.ts";

const now = Date.UTC(2026, 0, 1);
const problemsOf = (input: unknown): readonly string[] => problemLines(parseCertificate(input, { now }));
const leafOf = (name: Parameters<typeof chainOf>[0]): string =>
  chainOf(name).split(/(?<=END CERTIFICATE-----\n)/)[0] ?? "";

describe("parseCertificate()", () => {
  it("gives what the certificate says, the chain and the key", () => {
    const { facts, chain, key } = parsedValue(parseCertificate(certificateOf("www"), { now }));
    expect(facts).toEqual({
      domains: ["www.example.com", "example.com"],
      notBefore: "2020-01-01T00:00:00.000Z",
      notAfter: "2120-01-01T00:00:00.000Z",
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      keyType: "ec-prime256v1",
      issuer: "Selvage test intermediate",
    });
    expect(chain).toBe(chainOf("www"));
    expect(key).toBe(keyOf("www"));
  });

  it.each(["wildcard", "rsa", "origin", "stranger", "renewed"] as const)("takes %s", (name) => {
    expect(problemsOf(certificateOf(name))).toEqual([]);
  });

  it("leaves out names that no server name can have", () => {
    const { facts } = parsedValue(parseCertificate(certificateOf("origin"), { now }));
    expect(facts.domains).toEqual(["origin.test", "localhost"]);
  });

  it("takes text around the certificates, as other tools write it", () => {
    const certificate = `Bag Attributes\n  name: x\n${chainOf("www").replaceAll("\n", "\r\n")}`;
    expect(problemsOf({ certificate, key: `\n${keyOf("www")}` })).toEqual([]);
  });

  it.each([
    ["an expired certificate", certificateOf("expired"), /^certificate: the certificate expired at 2021-01-01/],
    ["another certificate's key", certificateOf("www", "wildcard"), /^key: does not belong to the certificate/],
    ["a weak key", certificateOf("weak"), /^key: received RSA of 1024 bits, allowed: RSA of 2048\.\.8192 bits/],
    [
      "issuers before the certificate",
      { certificate: chainOf("intermediate") + leafOf("www"), key: keyOf("www") },
      /^certificate: the certificate was not issued by the one behind it/,
    ],
    [
      "a chain with somebody else's issuer",
      { certificate: leafOf("www") + chainOf("ca"), key: keyOf("www") },
      /^certificate: the certificate was not issued by the one behind it/,
    ],
    ["an authority's certificate", certificateOf("intermediate"), /^certificate: names no host name/],
    ["no PEM", { certificate: "hello", key: keyOf("www") }, /^certificate: holds no certificate/],
    [
      "a damaged certificate",
      { certificate: leafOf("www").replace(/M/, "A"), key: keyOf("www") },
      /^certificate: the certificate cannot be read/,
    ],
    ["a key in the chain", { certificate: chainOf("www") + keyOf("www"), key: keyOf("www") }, /holds a private key/],
    ["a key that is none", { certificate: chainOf("www"), key: chainOf("www") }, /^key: cannot be read/],
    ["too long a chain", { certificate: chainOf("rsa").repeat(9), key: keyOf("rsa") }, /holds 9 certificates/],
    ["too much text", { certificate: "x".repeat(65_537), key: keyOf("rsa") }, /received 65537 characters/],
  ])("refuses %s", (_what, input, expected) => {
    expect(problemsOf(input).join("\n")).toMatch(expected);
  });

  it("reports everything together and never what it received as a key", () => {
    const secret = "hunter2hunter2";
    const problems = problemsOf({ certificate: 1, key: secret, colour: "blue" });
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain(secret);
  });

  it("refuses an encrypted key with the reason", () => {
    const key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    expect(problemsOf({ certificate: chainOf("www"), key })).toEqual([
      "key: is encrypted, allowed: a key without a passphrase",
    ]);
  });
});
