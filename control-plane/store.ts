/**
 * The control plane's memory: what it keeps, as rows, and the two ways to reach them.
 *
 * It knows no encryption (secrets arrive encrypted), no blob and no rule of the domain; callers check before they write, inside
 * the same `change`. Invariants: a version row is inserted or deleted, never updated; what `change` resolved with survives kill -9;
 * a `change` that throws leaves nothing behind. One contract suite runs over every implementation.
 */
import type { AliasGrey } from "../sdk/alias-grey.ts";
import type { Digest } from "../sdk/artifact.ts";
import type { TokenRole } from "../sdk/api.ts";
import type { AsyncConfig } from "../sdk/calls.ts";
import type { AuditFilter, AuditRecord } from "../sdk/audit.ts";
import type { CertificateFacts } from "../sdk/certificate.ts";
import type { NodeAck, NodeRegistration } from "../sdk/desired-state.ts";
import type { Dependencies } from "../sdk/dependency.ts";
import type { DomainConfig } from "../sdk/domain.ts";
import type { EventSettings } from "../sdk/event-settings.ts";
import type { Egress } from "../sdk/egress.ts";
import { type Isolation } from "../sdk/isolation.ts";
import type { FunctionLimits } from "../sdk/limits.ts";
import type { Hook } from "../sdk/phase.ts";
import type { Rule } from "../sdk/rule.ts";
import type { QuotaName } from "../sdk/quota.ts";
import type { Services } from "../sdk/service-target.ts";
import type { DependencyTable, DependencyView } from "./dependencies/dependency-row.ts";
import type { AccessKeyTable, AccessKeyView, FgsFunctionTable, FgsFunctionView } from "./functiongraph/fgs-row.ts";
import type { PurgeTable, PurgeView } from "./purges/purge-row.ts";
import type { ReservedTable, ReservedView } from "./reserved/reserved-row.ts";
import type { StagedRolloutTable, StagedRolloutView } from "./staged/staged-rollout-row.ts";

export interface Store {
  /** Runs `work` over one consistent state. Neither `read` nor `change` may be called from inside `work`. */
  read<T>(work: (view: StoreView) => Promise<T>): Promise<T>;
  /** Runs `work` in one transaction, serially with all other changes; durable once resolved, undone when `work` throws. */
  change<T>(work: (tables: StoreTables) => Promise<T>): Promise<T>;
  /** Ends after running work; nothing may be called afterwards. */
  close(): Promise<void>;
}

/** Everything that can be read. */
export interface StoreView {
  readonly functions: FunctionView;
  readonly versions: VersionView;
  readonly aliases: AliasView;
  readonly domains: DomainView;
  readonly certificates: CertificateView;
  readonly domainVersions: DomainVersionView;
  readonly tokens: TokenView;
  readonly nodes: NodeView;
  readonly revisions: RevisionView;
  readonly settings: SettingView;
  readonly purges: PurgeView;
  readonly stagedRollouts: StagedRolloutView;
  readonly accessKeys: AccessKeyView;
  readonly fgsFunctions: FgsFunctionView;
  readonly asyncConfigs: AsyncConfigView;
  readonly audit: AuditView;
  readonly quotas: QuotaView;
  readonly dependencies: DependencyView;
  readonly reserved: ReservedView;
}

/** Everything that can be read and written. */
export interface StoreTables {
  readonly functions: FunctionTable;
  readonly versions: VersionTable;
  readonly aliases: AliasTable;
  readonly domains: DomainTable;
  readonly certificates: CertificateTable;
  readonly domainVersions: DomainVersionTable;
  readonly tokens: TokenTable;
  readonly nodes: NodeTable;
  readonly revisions: RevisionTable;
  readonly settings: SettingTable;
  readonly purges: PurgeTable;
  readonly stagedRollouts: StagedRolloutTable;
  readonly accessKeys: AccessKeyTable;
  readonly fgsFunctions: FgsFunctionTable;
  readonly asyncConfigs: AsyncConfigTable;
  readonly audit: AuditTable;
  readonly quotas: QuotaTable;
  readonly dependencies: DependencyTable;
  readonly reserved: ReservedTable;
}

export interface FunctionRow {
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  /** ISO 8601, UTC, like all times here. */
  readonly createdAt: string;
}

/** What the next version is published with. */
export interface EnvironmentRow {
  readonly variables: Readonly<Record<string, string>>;
  /** JSON of the secrets, encrypted under the master key; null: none. */
  readonly encryptedSecrets: string | null;
}

export interface FunctionView {
  /** By name. */
  list(): Promise<readonly FunctionRow[]>;
  get(name: string): Promise<FunctionRow | null>;
  /** Empty when none was set. */
  environment(name: string): Promise<EnvironmentRow>;
}
export interface FunctionTable extends FunctionView {
  insert(row: FunctionRow): Promise<void>;
  /** Sets description and enabled. */
  update(name: string, changes: Pick<FunctionRow, "description" | "enabled">): Promise<void>;
  setEnvironment(name: string, environment: EnvironmentRow): Promise<void>;
  /** With its environment, versions, retired names, aliases and their rollouts. */
  delete(name: string): Promise<void>;
}

export interface VersionRow extends EnvironmentRow {
  readonly function: string;
  readonly version: string;
  readonly description: string;
  readonly createdAt: string;
  /** Of the manifest. */
  readonly digest: Digest;
  readonly signature: string;
  readonly hooks: readonly Hook[];
  readonly limits: FunctionLimits;
  readonly services: Services;
  readonly dependencies: Dependencies;
  readonly isolation: Isolation;
  readonly allowEval: boolean;
  readonly egress: Egress;
  readonly event: EventSettings | null;
  readonly moduleDigest: Digest;
  readonly moduleBytes: number;
  readonly snapshot: { readonly state: "ready" | "off" | "failed"; readonly bytes: number; readonly reason: string };
  /** Every blob the version needs, its manifest included. */
  readonly blobs: readonly Digest[];
}

export interface VersionView {
  /** Newest first: the order of insertion, not of `createdAt`. */
  list(functionName: string): Promise<readonly VersionRow[]>;
  get(functionName: string, version: string): Promise<VersionRow | null>;
  /** The version inserted last, or null. */
  latest(functionName: string): Promise<VersionRow | null>;
  count(functionName: string): Promise<number>;
  /** Whether the name belongs to a version, or belonged to one that was deleted. */
  isNameTaken(functionName: string, version: string): Promise<boolean>;
  /** Every version that an alias, a rule or a reservation names, that is the latest of its function, or of a function that clients of FunctionGraph manage. */
  listReferenced(): Promise<readonly VersionRow[]>;
  /** Blobs of all versions. */
  listBlobs(): Promise<ReadonlySet<Digest>>;
}
export interface VersionTable extends VersionView {
  insert(row: VersionRow): Promise<void>;
  /** Its name is never free again while the function exists. */
  delete(functionName: string, version: string): Promise<void>;
}

export interface AliasRow {
  readonly function: string;
  readonly name: string;
  readonly version: string;
  readonly grey: AliasGrey | null;
  /** Newest first. */
  readonly previous: readonly string[];
  readonly updatedAt: string;
}
export interface AliasView {
  listAll(): Promise<readonly AliasRow[]>;
  /** By name. */
  list(functionName: string): Promise<readonly AliasRow[]>;
  get(functionName: string, name: string): Promise<AliasRow | null>;
}
export interface AliasTable extends AliasView {
  put(row: AliasRow): Promise<void>;
  delete(functionName: string, name: string): Promise<void>;
}

export interface DomainRow {
  /** Its secrets are encrypted under the master key. */
  readonly config: DomainConfig;
  readonly rules: readonly Rule[];
  readonly updatedAt: string;
  /** Grows by one with every change, from 1. */
  readonly version: number;
}
export interface BoundRule {
  readonly domain: string;
  readonly rule: Rule;
}
export interface DomainView {
  /** By domain. */
  list(): Promise<readonly DomainRow[]>;
  get(domain: string): Promise<DomainRow | null>;
  count(): Promise<number>;
  /** Every rule that names the function. */
  rulesOf(functionName: string): Promise<readonly BoundRule[]>;
}
export interface DomainTable extends DomainView {
  /** Inserts or replaces the domain and all of its rules. */
  put(row: DomainRow): Promise<void>;
  /** With its rules and versions. */
  delete(domain: string): Promise<void>;
}

export interface CertificateRow {
  readonly name: string;
  readonly facts: CertificateFacts;
  /** PEM. */
  readonly chain: string;
  /** PEM of the private key, encrypted under the master key. */
  readonly encryptedKey: string;
  readonly updatedAt: string;
}
export interface CertificateView {
  /** By name. */
  list(): Promise<readonly CertificateRow[]>;
  get(name: string): Promise<CertificateRow | null>;
  count(): Promise<number>;
}
export interface CertificateTable extends CertificateView {
  /** Inserts or replaces. */
  put(row: CertificateRow): Promise<void>;
  delete(name: string): Promise<void>;
}

export interface DomainVersionSummary {
  readonly domain: string;
  readonly version: number;
  readonly createdAt: string;
  /** The token that made it, as it was called then. */
  readonly author: { readonly tokenId: string; readonly name: string };
  readonly comment: string;
}
export interface DomainVersionRow extends DomainVersionSummary, Pick<DomainRow, "config" | "rules"> {}
export interface DomainVersionView {
  /** Newest first. */
  list(domain: string): Promise<readonly DomainVersionSummary[]>;
  get(domain: string, version: number): Promise<DomainVersionRow | null>;
}
/** Versions are inserted and forgotten, never changed. */
export interface DomainVersionTable extends DomainVersionView {
  /** The domain exists. Forgets those before the newest `domainLimits.versionsPerDomainMax`. */
  insert(row: DomainVersionRow): Promise<void>;
}

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: TokenRole;
  /** Lower-case hex SHA-256 of the token, which itself is stored nowhere. */
  readonly hash: string;
  readonly createdAt: string;
}
export interface TokenView {
  /** Oldest first. */
  list(): Promise<readonly TokenRow[]>;
  get(id: string): Promise<TokenRow | null>;
  /** Those of `ids` that are there. */
  existing(ids: readonly string[]): Promise<ReadonlySet<string>>;
  findByHash(hash: string): Promise<TokenRow | null>;
}
export interface TokenTable extends TokenView {
  insert(row: TokenRow): Promise<void>;
  delete(id: string): Promise<void>;
}

export interface NodeRow extends NodeRegistration {
  /** The newest revision it acknowledged; 0: none. */
  readonly revision: number;
  readonly lastSeenAt: string;
}
export interface AckRow extends NodeAck {
  readonly ackedAt: string;
}
export interface NodeView {
  /** By name. */
  list(): Promise<readonly NodeRow[]>;
  get(name: string): Promise<NodeRow | null>;
  count(): Promise<number>;
  /** Of each node the first acknowledgement of `revision` or a later one. */
  acksSince(revision: number): Promise<readonly AckRow[]>;
  /** Of each node its newest acknowledgement, by name. */
  newestAcks(): Promise<readonly AckRow[]>;
}
export interface NodeTable extends NodeView {
  /** Inserts, or replaces what it said of itself; the acknowledged revision stays. */
  register(registration: NodeRegistration, seenAt: string): Promise<void>;
  setSeen(name: string, seenAt: string): Promise<void>;
  /** Records it; of a repeated one the first time stays and the failures are replaced. Keeps `acksPerNodeMax` per node. */
  acknowledge(ack: AckRow): Promise<void>;
  delete(name: string): Promise<void>;
}

/** Acknowledgements kept per node. */
export const acksPerNodeMax = 100;

export interface RevisionRow {
  readonly revision: number;
  readonly createdAt: string;
}
export interface RevisionView {
  /** Revision 0, created at the epoch, when nothing was changed yet. */
  current(): Promise<RevisionRow>;
  get(revision: number): Promise<RevisionRow | null>;
}
export interface RevisionTable extends RevisionView {
  /** One more than the current. Rows before the newest `revisionsKeptMax` are forgotten. */
  next(createdAt: string): Promise<RevisionRow>;
}

/** Revisions kept, to answer when and where each was served. */
export const revisionsKeptMax = 10_000;

export interface AsyncConfigRow {
  readonly function: string;
  /** Null: the whole function. */
  readonly qualifier: string | null;
  readonly config: AsyncConfig;
  readonly updatedAt: string;
}
export interface NewAsyncConfig extends AsyncConfigRow {
  /** What the qualifier is the name of: the row goes when that goes. `function`: no qualifier, or `latest`. */
  readonly names: "alias" | "version" | "function";
}
export interface AsyncConfigView {
  /** Of one function, by qualifier. */
  list(functionName: string): Promise<readonly AsyncConfigRow[]>;
}
export interface AsyncConfigTable extends AsyncConfigView {
  /** Inserts or replaces. Function, and alias or version, exist. */
  put(row: NewAsyncConfig): Promise<void>;
  /** Whether there was one. */
  delete(functionName: string, qualifier: string | null): Promise<boolean>;
}

export type NewAuditRecord = Omit<AuditRecord, "sequence">;
export interface AuditView {
  /** Newest first; only those before the number `before`. */
  list(
    filter: AuditFilter,
    page: { readonly before: number | null; readonly limit: number },
  ): Promise<readonly AuditRecord[]>;
}
/** Records are added and forgotten, never changed. */
export interface AuditTable extends AuditView {
  /** Forgets those before the newest `auditLimits.keptMax`. */
  add(record: NewAuditRecord): Promise<void>;
  /** Answers how many; the newest stays. */
  deleteBefore(time: string): Promise<number>;
}

export interface QuotaView {
  /** What it was set to; null: it has its default. */
  get(name: QuotaName): Promise<number | null>;
  /** What is used of it: by one function where it is one of a function, null: by the one that uses most. */
  used(name: QuotaName, functionName: string | null): Promise<number>;
}
export interface QuotaTable extends QuotaView {
  put(name: QuotaName, value: number): Promise<void>;
  /** Back to its default. */
  delete(name: QuotaName): Promise<void>;
}

/** Single values of the control plane itself. */
export type SettingKey = "bootstrapped_at" | "signing_public_key" | "signing_private_key_encrypted";
export interface SettingView {
  get(key: SettingKey): Promise<string | null>;
}
export interface SettingTable extends SettingView {
  put(key: SettingKey, value: string): Promise<void>;
}
