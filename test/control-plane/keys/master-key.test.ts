import { describe, expect, it } from "vitest";
import { MasterKey } from "../../../control-plane/keys/master-key.ts";
import { decryptSecrets, encryptSecrets } from "../../../control-plane/keys/secrets-at-rest.ts";

const key = MasterKey.fromBytes(new Uint8Array(32).fill(7));
const other = MasterKey.fromBytes(new Uint8Array(32).fill(8));

describe("MasterKey", () => {
  it("decrypts what it encrypted, and never encrypts to one text twice", () => {
    const text = "päss wörd";
    expect(key.decrypt(key.encrypt(text, "p"), "p")).toBe(text);
    expect(key.encrypt(text, "p")).not.toBe(key.encrypt(text, "p"));
    expect(key.encrypt(text, "p")).not.toContain("päss");
  });

  it("refuses another key, another purpose and every changed character", () => {
    const encrypted = key.encrypt("text", "environment/hello");
    expect(() => other.decrypt(encrypted, "environment/hello")).toThrow(/^Cannot decrypt environment\/hello/);
    expect(() => key.decrypt(encrypted, "environment/other")).toThrow(/^Cannot decrypt environment\/other/);
    for (const changed of ["", "enc1..", encrypted.slice(0, -4), encrypted.replace("enc1", "enc2")]) {
      expect(() => key.decrypt(changed, "environment/hello")).toThrow(/^Cannot decrypt/);
    }
  });

  it("is 32 bytes", () => {
    expect(() => MasterKey.fromBytes(new Uint8Array(31))).toThrow("received 31 bytes, allowed: 32");
  });

  it("shows itself in no text", () => {
    expect(JSON.stringify(key)).toBe("{}");
    expect(Object.values(key)).toEqual([]);
  });
});

describe("secrets at rest", () => {
  it("are nothing at all when there are none", () => {
    expect(encryptSecrets(key, { functionName: "f", secrets: {} })).toBeNull();
    expect(decryptSecrets(key, { functionName: "f", encrypted: null })).toEqual({});
  });

  it("open only as the secrets of their own function", () => {
    const encrypted = encryptSecrets(key, { functionName: "f", secrets: { A: "1" } });
    expect(decryptSecrets(key, { functionName: "f", encrypted })).toEqual({ A: "1" });
    expect(() => decryptSecrets(key, { functionName: "g", encrypted })).toThrow(/^Cannot decrypt environment\/g/);
  });
});
