/**
 * Refuses keys that are costly to use. An author makes keys up, and each use takes time that grows with an RSA modulus, with the exponent of a public RSA
 * key (whoever generates one takes 65537), and with the bytes of a key that is hashed. Pure; OpenSSL itself refuses private RSA parts that do not fit.
 */
import type { webcrypto } from "node:crypto";
import type { SubtleMethod } from "../guest/crypto-protocol.ts";
import { HostOperationError } from "./host-operation-error.ts";

type Algorithmic = Pick<webcrypto.CryptoKey, "algorithm">;

const modulusBitsMax = 8_192;
const publicExponentBytesMax = 8;
/** What a key is imported from, bytes: the largest of those above and of ML-DSA take a tenth. */
const keyDataBytesMax = 65_536;

/** Without leading zeros. 0 for a key that is not RSA's. */
export function publicExponentBytes({ algorithm }: Algorithmic): number {
  const { publicExponent } = algorithm as Partial<webcrypto.RsaKeyAlgorithm>;
  if (publicExponent === undefined) return 0;
  const first = publicExponent.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : publicExponent.length - first;
}

/** 0 for a key that is not RSA's. */
export function modulusBits({ algorithm }: Algorithmic): number {
  return (algorithm as Partial<webcrypto.RsaKeyAlgorithm>).modulusLength ?? 0;
}

/** Of a key that was made or imported. @throws HostOperationError (NotSupportedError) with what was received and what is allowed. */
export function checkKey(key: Algorithmic): void {
  atMost(modulusBitsMax, modulusBits(key), "bits of modulus");
  atMost(publicExponentBytesMax * 8, publicExponentBytes(key) * 8, "bits of public exponent");
}

/** Of what a key is about to be imported from; `parameters` as `decodeParameters` gives them. @throws HostOperationError as `checkKey`. */
export function checkKeyData(method: SubtleMethod, [, data]: readonly unknown[]): void {
  if (method !== "importKey" && method !== "unwrapKey") return;
  atMost(keyDataBytesMax, data instanceof ArrayBuffer ? data.byteLength : jwkBytes(data), "bytes of key data");
}

/** Members are texts in base64url. */
function jwkBytes(jwk: unknown): number {
  const texts = typeof jwk === "object" && jwk !== null ? Object.values(jwk) : [];
  return texts.reduce<number>(
    (sum, text) => sum + (typeof text === "string" ? Math.floor((text.length * 3) / 4) : 0),
    0,
  );
}

function atMost(max: number, received: number, what: string): void {
  if (received <= max) return;
  throw new HostOperationError(
    "NotSupportedError",
    `Cannot use the key: ${what}: received ${received}, allowed 1..${max}`,
  );
}
