/** The Ed25519 key that signs manifests: in the store, its private part encrypted under the master key. */
import { generateSigningKey, type SigningKey } from "../../bundler/artifact.ts";
import type { StoreTables, StoreView } from "../store.ts";
import type { MasterKey } from "./master-key.ts";

const purpose = "signing-key";

/** Makes and stores a key; part of the first start. */
export async function createSigningKey(tables: StoreTables, masterKey: MasterKey): Promise<void> {
  const key = generateSigningKey();
  await tables.settings.put("signing_public_key", key.publicKeyX);
  await tables.settings.put("signing_private_key_encrypted", masterKey.encrypt(key.privateKeyPem, purpose));
}

/** The stored key. @throws when the master key is not the one it was encrypted under. */
export async function readSigningKey(view: StoreView, masterKey: MasterKey): Promise<SigningKey> {
  const publicKeyX = await view.settings.get("signing_public_key");
  const encrypted = await view.settings.get("signing_private_key_encrypted");
  if (publicKeyX === null || encrypted === null) throw new Error("Cannot read the signing key: the store holds none");
  return { publicKeyX, privateKeyPem: masterKey.decrypt(encrypted, purpose) };
}
