/**
 * Rows of the store → the whole state that nodes are to serve. Pure.
 *
 * It opens and seals no secret itself: `sealSecretsOf` does, for one node. Invariant: every version that an alias, a rule or `latest` names is in
 * the state, so that a node never routes to what it was not told.
 */
import type { DesiredState, FunctionState, VersionState } from "../../sdk/desired-state.ts";
import type { AliasRow, DomainRow, FunctionRow, VersionRow } from "../store.ts";

export interface StateRows {
  readonly revision: number;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  readonly functions: readonly FunctionRow[];
  /** Oldest first within a function; the newest of each function is among them. */
  readonly versions: readonly VersionRow[];
  readonly aliases: readonly AliasRow[];
  readonly domains: readonly DomainRow[];
}

/** The state that `rows` say, with secrets as `sealSecretsOf` seals them. */
export function buildDesiredState(
  rows: StateRows,
  sealSecretsOf: (version: VersionRow) => string | null,
): DesiredState {
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
        versions: versions.map((version) => toVersionState(version, sealSecretsOf(version))),
        aliases: (aliasesOf.get(name) ?? []).map((alias) => ({ name: alias.name, version: alias.version })),
        latest: versions.at(-1)?.version ?? null,
      };
    }),
    domains: rows.domains.map(({ config, rules }) => ({ config, rules })),
  };
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
