/**
 * Refuses RSA keys that are costly to use: an author makes keys up, and each use takes time that grows with the modulus's length and, for public
 * keys, with the exponent's. Whoever generates a key takes 65537. Pure; OpenSSL itself refuses private parts that do not fit the modulus.
 */
import type { webcrypto } from "node:crypto";
import { HostOperationError } from "./host-operation-error.ts";

const modulusBitsMax = 8_192;
const publicExponentBytesMax = 8;

/** Without leading zeros. 0 for a key that is not RSA's. */
export function publicExponentBytes({ algorithm }: Pick<webcrypto.CryptoKey, "algorithm">): number {
  const { publicExponent } = algorithm as Partial<webcrypto.RsaKeyAlgorithm>;
  if (publicExponent === undefined) return 0;
  const first = publicExponent.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : publicExponent.length - first;
}

/** 0 for a key that is not RSA's. */
export function modulusBits({ algorithm }: Pick<webcrypto.CryptoKey, "algorithm">): number {
  return (algorithm as Partial<webcrypto.RsaKeyAlgorithm>).modulusLength ?? 0;
}

/** @throws HostOperationError (NotSupportedError) with what was received and what is allowed. */
export function checkRsaKey(key: Pick<webcrypto.CryptoKey, "algorithm">): void {
  atMost(modulusBitsMax, modulusBits(key), "the modulus has");
  atMost(publicExponentBytesMax * 8, publicExponentBytes(key) * 8, "the public exponent has");
}

function atMost(max: number, received: number, what: string): void {
  if (received <= max) return;
  throw new HostOperationError(
    "NotSupportedError",
    `Cannot use the RSA key: ${what}: received ${received} bits, allowed 1..${max}`,
  );
}
