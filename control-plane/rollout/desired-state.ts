/**
 * Rows of the store → the whole state that nodes are to serve. Pure.
 *
 * It opens and seals no secret itself: a sealer does, for one node. Invariant: every version that an alias, a rule or `latest` names is in
 * the state, so that a node never routes to what it was not told.
 */
import type { AliasState, DesiredState, FunctionState, VersionState } from "../../sdk/desired-state.ts";
import { mapDomainSecrets } from "../../sdk/domain-secrets.ts";
import type { ReservedRow } from "../reserved/reserved-row.ts";
import { reservedVersion } from "../reserved/reserved-service.ts";
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
  readonly reserved: readonly ReservedRow[];
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
  const reservedOf = Map.groupBy(rows.reserved, (row) => row.function);
  return {
    format: 1,
    revision: rows.revision,
    publicKey: rows.publicKey,
    functions: rows.functions.map(({ name, enabled }): FunctionState => {
      const versions = versionsOf.get(name) ?? [];
      const aliases = aliasesOf.get(name) ?? [];
      const latest = versions.at(-1)?.version ?? null;
      const policies = policiesOf(reservedOf.get(name) ?? [], { latest, aliases });
      return {
        name,
        enabled,
        versions: versions.map((version) => ({
          ...toVersionState(version, sealer.secretsOf(version)),
          ...reservedFields(policies.get(version.version)),
        })),
        aliases: aliases.map(toAliasState),
        latest,
      };
    }),
    domains: rows.domains.map(({ config, rules }) => ({
      config: mapDomainSecrets(config, (encrypted) => sealer.domainSecretOf(config.domain, encrypted)),
      rules,
    })),
    certificates: rows.certificates.map((row) => ({ name: row.name, chain: row.chain, sealedKey: sealer.keyOf(row) })),
  };
}

/** By version; an alias's reservation holds for its main version. */
function policiesOf(
  rows: readonly ReservedRow[],
  { latest, aliases }: { readonly latest: string | null; readonly aliases: readonly AliasRow[] },
): ReadonlyMap<string | null, readonly ReservedRow[]> {
  const versions = new Map(aliases.map(({ name, version }) => [name, version]));
  return Map.groupBy(rows, ({ qualifier }) => reservedVersion(qualifier, { latest, aliases: versions }));
}

function reservedFields(rows: readonly ReservedRow[] | undefined): Pick<VersionState, "reserved"> {
  if (rows === undefined) return {};
  return { reserved: rows.map(({ config: { idleMode: _idleMode, ...policy } }) => policy) };
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
