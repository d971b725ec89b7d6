/** A function's secrets as the store keeps them: one encrypted text per function and per version. */
import type { MasterKey } from "./master-key.ts";

export type SecretValues = Readonly<Record<string, string>>;

/** Null when there are none. The same text serves the function's environment and every version published with it. */
export function encryptSecrets(
  masterKey: MasterKey,
  { functionName, secrets }: { readonly functionName: string; readonly secrets: SecretValues },
): string | null {
  if (Object.keys(secrets).length === 0) return null;
  return masterKey.encrypt(JSON.stringify(secrets), purposeOf(functionName));
}

/** @throws when the master key is not the one they were encrypted under. */
export function decryptSecrets(
  masterKey: MasterKey,
  { functionName, encrypted }: { readonly functionName: string; readonly encrypted: string | null },
): SecretValues {
  if (encrypted === null) return {};
  return JSON.parse(masterKey.decrypt(encrypted, purposeOf(functionName))) as SecretValues;
}

function purposeOf(functionName: string): string {
  return `environment/${functionName}`;
}
