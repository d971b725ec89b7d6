/**
 * The tables as Kysely sees them: the shape that the migrations in this folder have produced so far.
 *
 * Portable on purpose: text, integers and JSON in text only. Booleans are 0 and 1, times are ISO 8601 texts.
 */

export interface Tables {
  functions: FunctionsTable;
  environments: EnvironmentsTable;
  versions: VersionsTable;
  retired_versions: RetiredVersionsTable;
  version_blobs: VersionBlobsTable;
  aliases: AliasesTable;
  domains: DomainsTable;
  domain_versions: DomainVersionsTable;
  rules: RulesTable;
  certificates: CertificatesTable;
  tokens: TokensTable;
  nodes: NodesTable;
  node_acks: NodeAcksTable;
  revisions: RevisionsTable;
  settings: SettingsTable;
  purges: PurgesTable;
  purge_acks: PurgeAcksTable;
  staged_rollouts: StagedRolloutsTable;
  access_keys: AccessKeysTable;
  fgs_functions: FgsFunctionsTable;
  async_configs: AsyncConfigsTable;
  blobs: BlobsTable;
  blob_parts: BlobPartsTable;
  replicas: ReplicasTable;
  audit: AuditsTable;
  quotas: QuotasTable;
  reserved_instances: ReservedInstancesTable;
  replica_messages: ReplicaMessagesTable;
  schema_migrations: SchemaMigrationsTable;
  dependencies: DependenciesTable;
  dependency_versions: DependencyVersionsTable;
  version_dependencies: VersionDependenciesTable;
}

export interface FunctionsTable {
  name: string;
  description: string;
  enabled: number;
  created_at: string;
}

export interface EnvironmentsTable {
  function: string;
  /** JSON object of strings. */
  variables: string;
  encrypted_secrets: string | null;
}

export interface VersionsTable {
  function: string;
  version: string;
  /** Grows by one within a function; the order of publication. */
  sequence: number;
  description: string;
  created_at: string;
  digest: string;
  signature: string;
  /** JSON list. */
  hooks: string;
  /** JSON object. */
  limits: string;
  /** JSON object. */
  services: string;
  isolation: string;
  allow_eval: 0 | 1;
  /** JSON. */
  egress: string;
  event: string;
  module_digest: string;
  module_bytes: number;
  snapshot_state: "ready" | "off" | "failed";
  snapshot_bytes: number;
  snapshot_reason: string;
  /** JSON object of strings. */
  variables: string;
  encrypted_secrets: string | null;
}

export interface RetiredVersionsTable {
  function: string;
  version: string;
}

export interface VersionBlobsTable {
  function: string;
  version: string;
  digest: string;
}

export interface AliasesTable {
  function: string;
  name: string;
  version: string;
  /** The version that its grey release is of; null: there is none. */
  grey_version: string | null;
  /** JSON of the whole grey release. */
  grey: string;
  /** JSON list of version names, newest first. */
  previous: string;
  updated_at: string;
}

export interface DomainsTable {
  domain: string;
  /** JSON of the DomainConfig, secrets in it encrypted. */
  config: string;
  updated_at: string;
  version: number;
}

export interface DomainVersionsTable {
  domain: string;
  version: number;
  created_at: string;
  author_id: string;
  author_name: string;
  comment: string;
  /** JSON of the DomainConfig, secrets in it encrypted. */
  config: string;
  /** JSON list of rules. */
  rules: string;
}

export interface RulesTable {
  domain: string;
  /** Place in the list as it was given. */
  position: number;
  phase: string;
  match_type: string;
  match_content: string | null;
  function: string;
  version: string | null;
  alias: string | null;
  priority: number;
  enabled: number;
  stop: number;
  on_error: string;
}

export interface CertificatesTable {
  name: string;
  /** JSON of the CertificateFacts. */
  facts: string;
  chain: string;
  encrypted_key: string;
  updated_at: string;
}

export interface TokensTable {
  id: string;
  name: string;
  role: string;
  hash: string;
  created_at: string;
}

export interface NodesTable {
  name: string;
  selvage_version: string;
  node_version: string;
  runtime_key: string;
  driver: string;
  revision: number;
  last_seen_at: string;
}

export interface NodeAcksTable {
  node: string;
  revision: number;
  apply_ms: number;
  /** JSON list. */
  failures: string;
  acked_at: string;
}

export interface RevisionsTable {
  revision: number;
  created_at: string;
}

export interface SettingsTable {
  key: string;
  value: string;
}

export interface PurgesTable {
  sequence: number;
  id: string;
  created_at: string;
  mode: string;
  /** JSON list of PurgeTarget. */
  targets: string;
}

export interface PurgeAcksTable {
  node: string;
  sequence: number;
  apply_ms: number;
  acked_at: string;
}

export interface StagedRolloutsTable {
  id: string;
  function: string;
  alias: string;
  state: string;
  started_at: string;
  /** JSON of the whole row. */
  rollout: string;
}

export interface AccessKeysTable {
  id: string;
  name: string;
  role: string;
  encrypted_secret: string;
  created_at: string;
}

export interface FgsFunctionsTable {
  function: string;
  /** JSON of the whole row. */
  document: string;
}

export interface AsyncConfigsTable {
  function: string;
  /** Empty: the whole function. */
  qualifier: string;
  alias: string | null;
  version: string | null;
  /** JSON of the AsyncConfig. */
  config: string;
  updated_at: string;
}

/** Which blobs there are. `bytes` of one are in its parts. */
export interface BlobsTable {
  kind: string;
  digest: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  used_at: number;
}

export interface BlobPartsTable {
  kind: string;
  digest: string;
  /** From 0. */
  part: number;
  content: Uint8Array;
}

/** Control planes on this database. */
export interface ReplicasTable {
  id: string;
  /** Another one with every sign of life. */
  beat: number;
  /** JSON of the ReplicaFacts. */
  facts: string;
}

export interface ReplicaMessagesTable {
  id: string;
  target: string;
  /** Milliseconds since the epoch, of the sender's clock. */
  sent_at: number;
  /** JSON of a ReplicaMessage. */
  body: string;
}

export interface AuditsTable {
  sequence: number;
  time: string;
  actor: string;
  token_id: string;
  action: string;
  resource: string;
  detail: string;
  level: string;
  outcome: string;
  code: string | null;
  request_id: string;
}

export interface ReservedInstancesTable {
  function: string;
  qualifier: string;
  alias: string | null;
  version: string | null;
  /** JSON of the ReservedConfig. */
  config: string;
  instances: number;
  memory_mib: number;
  updated_at: string;
}

export interface QuotasTable {
  name: string;
  value: number;
}

export interface SchemaMigrationsTable {
  id: number;
  name: string;
  applied_at: string;
}

export interface DependenciesTable {
  name: string;
  id: string;
  is_public: 0 | 1;
  /** The largest number that a version got. */
  newest: number;
  created_at: string;
}

export interface DependencyVersionsTable {
  dependency: string;
  version: number;
  id: string;
  description: string;
  runtime: string;
  /** Digest of the archive. */
  archive: string;
  archive_bytes: number;
  bytes: number;
  files: number;
  /** JSON list. */
  packages: string;
  created_at: string;
}

/** What versions of functions were built with. */
export interface VersionDependenciesTable {
  function: string;
  version: string;
  /** From 0: the order in which packages are looked for. */
  position: number;
  dependency: string;
  dependency_version: number;
}
