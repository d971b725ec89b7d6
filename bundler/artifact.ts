/**
 * Produces what `sdk/artifact-format.ts` reads: signing keys, signed manifests and references to blobs.
 *
 * Only the control plane signs. It knows neither where keys are kept nor where blobs go; nodes never import it.
 */
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import type { BlobReference, SignedManifest, VersionManifest } from "../sdk/artifact.ts";
import { digestOf, serialiseManifest } from "../sdk/artifact-format.ts";

/** An Ed25519 key pair as it is stored: the private key must stay secret, the public one is pinned by nodes. */
export interface SigningKey {
  /** PKCS #8 in PEM. */
  readonly privateKeyPem: string;
  /** Raw public key in base64url (JWK `x`), the `publicKey` of the desired state. */
  readonly publicKeyX: string;
}

/** A manifest ready to store: its bytes are the blob that `digest` names. */
export interface ManifestBlob extends SignedManifest {
  readonly bytes: Uint8Array;
}

/** A new key pair from the system's randomness. */
export function generateSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x } = publicKey.export({ format: "jwk" });
  if (x === undefined) throw new Error("Cannot make a signing key: node:crypto returned no public part");
  return { privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), publicKeyX: x };
}

/**
 * Base64 of the Ed25519 signature over `bytes`.
 * @throws when `privateKeyPem` is not an Ed25519 key in PKCS #8.
 */
export function signManifest(bytes: Uint8Array, privateKeyPem: string): string {
  const key = createPrivateKey(privateKeyPem);
  if (key.asymmetricKeyType !== "ed25519") {
    throw new Error(`Cannot sign a manifest: the key is not Ed25519: received ${String(key.asymmetricKeyType)}`);
  }
  return sign(null, bytes, key).toString("base64");
}

/** Serialises, names and signs `manifest`. */
export function sealManifest(manifest: VersionManifest, key: SigningKey): ManifestBlob {
  const bytes = serialiseManifest(manifest);
  return { bytes, digest: digestOf(bytes), signature: signManifest(bytes, key.privateKeyPem) };
}

/** The reference that a manifest holds of `bytes`. */
export function referenceTo(bytes: Uint8Array): BlobReference {
  return { digest: digestOf(bytes), bytes: bytes.byteLength };
}
