/** A domain's secrets as the store keeps them: each one encrypted text in its place in the configuration. */
import type { DomainConfig } from "../../sdk/domain.ts";
import { mapDomainSecrets } from "../../sdk/domain-secrets.ts";
import type { MasterKey } from "./master-key.ts";

/** `config` has its secrets in the clear. */
export function encryptDomainSecrets(masterKey: MasterKey, config: DomainConfig): DomainConfig {
  return mapDomainSecrets(config, (secret) => masterKey.encrypt(secret, purposeOf(config.domain)));
}

/** `config` is as the store has it. @throws when the master key is not the one they were encrypted under. */
export function decryptDomainSecrets(masterKey: MasterKey, config: DomainConfig): DomainConfig {
  return mapDomainSecrets(config, (secret) => decryptDomainSecret(masterKey, { domain: config.domain, secret }));
}

/** One of them. */
export function decryptDomainSecret(
  masterKey: MasterKey,
  { domain, secret }: { readonly domain: string; readonly secret: string },
): string {
  return masterKey.decrypt(secret, purposeOf(domain));
}

function purposeOf(domain: string): string {
  return `domain/${domain}`;
}
