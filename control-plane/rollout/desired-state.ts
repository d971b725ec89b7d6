/**
 * Rows of the store → the whole state that nodes are to serve. Pure.
 *
 * It opens and seals no secret itself: a sealer does, for one node. Invariant: every version that an alias, a rule or `latest` names is in
 * the state, so that a node never routes to what it was not told.
 */
import type { AliasState, DesiredState, FunctionState, VersionState } from "../../sdk/desired-state.ts";
import { mapDomainSecrets } from "../../sdk/domain-secrets.ts";
import type { AliasRow, CertificateRow, DomainRow, FunctionRow, VersionRow } from "../store.ts";

export interface StateRows {
  readonly revision: number;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  readonly functions: readonly FunctionRow[];
  /** Oldest first within a function; the newest of each function is among them. */
  readonly versions: readonly VersionRow[];
  readonly aliases: readonly AliasRow[];
  readonly domains: readonly DomainRow[];
  readonly certificates: readonly CertificateRow[];
}

/** Opens what is encrypted in the store and seals it for one node. */
export interface Sealer {
  secretsOf(version: VersionRow): string | null;
  keyOf(certificate: CertificateRow): string;
  /** A secret of a domain's configuration, as the store has it. */
  domainSecretOf(domain: string, encrypted: string): string;
}

/** The state that `rows` say, with secrets and keys as `sealer` seals them. */
export function buildDesiredState(rows: StateRows, sealer: Sealer): DesiredState {
  const versionsOf = Map.groupBy(rows.versions, (version) => version.function);
  const aliasesOf = Map.groupBy(rows.aliases, (alias) => alias.function);
  return {
    format: 1,
    revision: rows.revision,
    publicKey: rows.publicKey,
    functions: rows.functions.map(({ name, enabled }): FunctionState => {
      const versions = versionsOf.get(name) ?? [];
      return {
        name,
        enabled,
        versions: versions.map((version) => toVersionState(version, sealer.secretsOf(version))),
        aliases: (aliasesOf.get(name) ?? []).map(toAliasState),
        latest: versions.at(-1)?.version ?? null,
      };
    }),
    domains: rows.domains.map(({ config, rules }) => ({
      config: mapDomainSecrets(config, (encrypted) => sealer.domainSecretOf(config.domain, encrypted)),
      rules,
    })),
    certificates: rows.certificates.map((row) => ({ name: row.name, chain: row.chain, sealedKey: sealer.keyOf(row) })),
  };
}

function toAliasState({ name, version, grey }: AliasRow): AliasState {
  return grey === null ? { name, version } : { name, version, grey };
}

function toVersionState(version: VersionRow, sealedSecrets: string | null): VersionState {
  return {
    version: version.version,
    digest: version.digest,
    signature: version.signature,
    variables: version.variables,
    sealedSecrets,
  };
}
