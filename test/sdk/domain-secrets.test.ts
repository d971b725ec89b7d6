import { describe, expect, test } from "vitest";
import type { DomainConfig } from "../../sdk/domain.ts";
import { parseDomain } from "../../sdk/domain-parser.ts";
import {
  maskDomainSecrets,
  mapDomainSecrets,
  openDomainSecrets,
  sealDomainSecret,
  secretForm,
  unmaskInput,
} from "../../sdk/domain-secrets.ts";
import { parsedValue, problemPaths } from "./expect-problems.ts";

const key = "abcdefgh12345678";
const backup = "zyxwvuts87654321";
const domain = "www.example.com";
const auth = (keys: object) => ({ url_auth: { status: "on", type: "type_a", ...keys } });
const stored = parsedValue(parseDomain(auth({ key, backup_key: backup }), domain));
const keysOf = ({ url_auth }: DomainConfig) => [url_auth?.key, url_auth?.backup_key];

describe("masks", () => {
  test("show the last two characters of each secret and leave the rest as it is", () => {
    expect(keysOf(maskDomainSecrets(stored))).toEqual(["***78", "***21"]);
    const plain = parsedValue(parseDomain({}, domain));
    expect(maskDomainSecrets(plain)).toBe(plain);
  });

  test.each([
    [
      { key: "***78", backup_key: "***21" },
      { key, backup_key: backup },
    ],
    [
      { key: "newKey1234567890", backup_key: "***78" },
      { key: "newKey1234567890", backup_key: key },
    ],
    [{ key: "***21" }, { key: backup }],
    [{ key: "***99" }, { key: "***99" }],
    [{ key: 7 }, { key: 7 }],
  ])("%j put back become %j", (given, expected) => {
    expect(unmaskInput(auth(given), stored)).toEqual(auth(expected));
  });

  test.each([[null], ["x"], [[]], [{}], [{ url_auth: null }], [{ url_auth: [] }]])("%j is left as it is", (input) => {
    expect(unmaskInput(input, stored)).toEqual(input);
    expect(unmaskInput(input, null)).toEqual(input);
  });

  test("are no keys, unless asked for", () => {
    expect(problemPaths(parseDomain(auth({ key: "***78" }), domain))).toEqual(["url_auth.key"]);
    expect(parseDomain(auth({ key: "***78" }), domain, { secrets: ["clear", "masked"] }).ok).toBe(true);
  });
});

describe("sealed secrets", () => {
  const sealed = mapDomainSecrets(stored, (secret) => sealDomainSecret(secret, "slv_node"));

  test("parse on a node, show nothing and open with its token", () => {
    expect(JSON.stringify(sealed)).not.toMatch(new RegExp(`${key}|${backup}`));
    expect(parseDomain(sealed, domain, { secrets: ["sealed"] })).toEqual({ ok: true, value: sealed });
    expect(openDomainSecrets(sealed, "slv_node")).toEqual({ config: stored, closed: [] });
  });

  test("stay closed for another token, as texts that are no key", () => {
    const { config, closed } = openDomainSecrets(sealed, "slv_other");
    expect(closed).toEqual(["url_auth.key", "url_auth.backup_key"]);
    expect(keysOf(config).map((text) => secretForm(text ?? ""))).toEqual(["sealed", "sealed"]);
  });

  test("are refused from operators", () => {
    expect(problemPaths(parseDomain(sealed, domain))).toEqual(["url_auth.key", "url_auth.backup_key"]);
  });
});
