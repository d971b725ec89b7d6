/** A certificate's private key as the store keeps it: encrypted, bound to the certificate it belongs to. */
import type { MasterKey } from "./master-key.ts";

export interface KeyOwner {
  /** Of the certificate; another certificate under the same name has another key. */
  readonly fingerprint: string;
}

export function encryptCertificateKey(masterKey: MasterKey, { fingerprint, key }: KeyOwner & { key: string }): string {
  return masterKey.encrypt(key, purposeOf(fingerprint));
}

/** PEM. @throws when the master key is not the one it was encrypted under, or the key is another certificate's. */
export function decryptCertificateKey(
  masterKey: MasterKey,
  { fingerprint, encryptedKey }: KeyOwner & { readonly encryptedKey: string },
): string {
  return masterKey.decrypt(encryptedKey, purposeOf(fingerprint));
}

function purposeOf(fingerprint: string): string {
  return `certificate/${fingerprint}`;
}
