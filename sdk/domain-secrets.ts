/**
 * The secrets in a domain's configuration (url_auth.key, url_auth.backup_key) and the forms they take outside of a node's memory.
 *
 * Clear: 16..32 letters and digits. Masked: what is shown. Sealed: on its way to one node (sealed-secret.ts). The three never look alike, so that
 * no form is taken for another. Invariant: what is neither opened nor clear is a text that nobody could sign URLs with.
 */
import type { DomainConfig } from "./domain.ts";
import { openSecrets, sealedCharsMax, sealSecrets } from "./sealed-secret.ts";

export type SecretForm = "clear" | "masked" | "sealed";

export type SecretPath = "url_auth.key" | "url_auth.backup_key";

/** Completing "allowed: …". */
export const secretText = "16..32 letters and digits, or the masked text of a stored key";

/** Whether `value` is a secret in any form. */
export function isDomainSecret(value: string): boolean {
  return secretForm(value) !== null;
}

export function secretForm(value: string): SecretForm | null {
  if (/^[A-Za-z0-9]{16,32}$/.test(value)) return "clear";
  if (/^\*\*\*[A-Za-z0-9]{2}$/.test(value)) return "masked";
  return value.length <= sealedCharsMax && /^sealed1\.[\w-]+\.[\w-]+\.[\w-]+$/.test(value) ? "sealed" : null;
}

/** What is shown of a secret: three stars and its last two characters. */
export function maskSecret(secret: string): string {
  return `***${secret.slice(-2)}`;
}

/** The configuration with each secret as `change` gives it. Configurations without secrets are given back as they are. */
export function mapDomainSecrets(
  config: DomainConfig,
  change: (secret: string, path: SecretPath) => string,
): DomainConfig {
  const auth = config.url_auth;
  if (auth === undefined) return config;
  return {
    ...config,
    url_auth: {
      ...auth,
      key: change(auth.key, "url_auth.key"),
      ...(auth.backup_key === undefined ? {} : { backup_key: change(auth.backup_key, "url_auth.backup_key") }),
    },
  };
}

export function maskDomainSecrets(config: DomainConfig): DomainConfig {
  return mapDomainSecrets(config, maskSecret);
}

/**
 * Untrusted `input` with masked secrets replaced by those of `stored` (in the clear) that they are the mask of: first the one of the same key,
 * then the other, so that a key may become the backup key. A mask of nothing stays, and the parser refuses it.
 */
export function unmaskInput(input: unknown, stored: DomainConfig | null): unknown {
  const auth = stored?.url_auth;
  if (auth === undefined || !isRecord(input) || !isRecord(input["url_auth"])) return input;
  const { key, backup_key: backup } = auth;
  const find = (value: unknown, order: readonly (string | undefined)[]): unknown =>
    order.find((secret) => secret !== undefined && value === maskSecret(secret)) ?? value;
  const given = input["url_auth"];
  const found: Record<string, unknown> = {};
  if ("key" in given) found["key"] = find(given["key"], [key, backup]);
  if ("backup_key" in given) found["backup_key"] = find(given["backup_key"], [backup, key]);
  return { ...input, url_auth: { ...given, ...found } };
}

/** One secret for the holder of `nodeToken`. Every call gives another text. */
export function sealDomainSecret(secret: string, nodeToken: string): string {
  return sealSecrets({ key: secret }, nodeToken);
}

/**
 * The configuration with sealed secrets opened. What cannot be opened stays sealed, and its path is in `closed`: nobody can sign with it, so
 * access stays refused.
 */
export function openDomainSecrets(
  config: DomainConfig,
  nodeToken: string,
): { readonly config: DomainConfig; readonly closed: readonly SecretPath[] } {
  const closed: SecretPath[] = [];
  const opened = mapDomainSecrets(config, (secret, path) => {
    if (secretForm(secret) !== "sealed") return secret;
    const parsed = openSecrets(secret, nodeToken);
    const key = parsed.ok ? parsed.value["key"] : undefined;
    if (key === undefined) closed.push(path);
    return key ?? secret;
  });
  return { config: opened, closed };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
