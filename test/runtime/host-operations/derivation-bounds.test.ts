import { expect, test } from "vitest";
import type { SubtleMethod } from "../../../runtime/guest/crypto-protocol.ts";
import { checkDerivation } from "../../../runtime/host-operations/derivation-bounds.ts";

const pbkdf2 = (iterations: number, hash = "SHA-512"): object => ({ name: "PBKDF2", iterations, hash });
const hkdf = { name: "HKDF", hash: { name: "SHA-256" } };
const hmac = (length: number): object => ({ name: "HMAC", hash: "SHA-256", length });

const bits: readonly [string, unknown, unknown][] = [
  ["all iterations for one block", pbkdf2(1_000_000), 512],
  ["half of them for two", pbkdf2(500_000), 1_024],
  ["fewer than a block", pbkdf2(1_000_000, "SHA-1"), 8],
  ["no length, which is the WebCrypto's to refuse", pbkdf2(1_000_000), null],
  ["255 blocks of HKDF", hkdf, 255 * 256],
  ["an agreement's secret", { name: "X25519" }, 256],
  ["a name without members", "HKDF", 0],
];
test.each(bits)("deriveBits takes %s", (_, algorithm, length) => {
  expect(refusal("deriveBits", [algorithm, {}, length])).toBe("");
});

const tooMany: readonly [string, unknown, unknown, string][] = [
  ["one bit beyond a block", pbkdf2(1_000_000), 513, "received 2000000, allowed 1..1000000"],
  ["many blocks of many iterations", pbkdf2(1_000_000), 2 ** 22, "received 8192000000"],
  ["many blocks of one iteration", pbkdf2(1), 2 ** 24, "length: received 16777216, allowed 1..8388608"],
  ["a negative length, which wraps", pbkdf2(1_000_000), -1, "received 8388608000000"],
  ["a name in small letters", { name: "pbkdf2", iterations: 1e6, hash: "sha-512" }, 1_024, "received 2000000"],
  ["text for numbers", { name: "PBKDF2", iterations: "1000000", hash: "SHA-512" }, ["1024"], "received 2000000"],
  ["256 blocks of HKDF", hkdf, 256 * 256, "length: received 65536, allowed 1..65280"],
  ["megabytes of Argon2", { name: "Argon2id" }, 2 ** 31, "length: received 2147483648"],
];
test.each(tooMany)("deriveBits refuses %s", (_, algorithm, length, message) => {
  expect(refusal("deriveBits", [algorithm, {}, length])).toContain(message);
});

test.each([
  ["an AES key", { name: "AES-GCM", length: 256 }],
  ["an HMAC key of a block", hmac(512)],
])("deriveKey makes %s", (_, derived) => {
  expect(refusal("deriveKey", [pbkdf2(1_000_000), {}, derived])).toBe("");
});

test.each([
  ["of two blocks", hmac(1_024)],
  ["that is as long as its digest's block", { name: "HMAC", hash: "SHA-384" }],
])("deriveKey refuses an HMAC key %s", (_, derived) => {
  expect(refusal("deriveKey", [pbkdf2(1_000_000), {}, derived])).toContain("received 2000000");
});

test("other methods are none of its business", () => {
  expect(refusal("sign", [pbkdf2(1_000_000), {}, 2 ** 31])).toBe("");
});

function refusal(method: SubtleMethod, parameters: readonly unknown[]): string {
  try {
    checkDerivation(method, parameters);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
}
