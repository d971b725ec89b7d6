/**
 * The REST API's bodies, shared by the control plane and its clients. Paths are in the comments; all live under `/v1`,
 * all need `Authorization: Bearer TOKEN`, all errors are an `ErrorBody`. The OpenAPI document at `/openapi.json` is generated from
 * the schemas of the same routes.
 */
import type { AliasGrey } from "./alias-grey.ts";
import type { Digest } from "./artifact.ts";
import type { CertificateFacts } from "./certificate.ts";
import type { Dependencies } from "./dependency.ts";
import type { ErrorCode } from "./error-code.ts";
import type { DomainConfig } from "./domain.ts";
import type { DomainDifference } from "./domain-diff.ts";
import type { Egress } from "./egress.ts";
import type { EventSettings } from "./event-settings.ts";
import { type Isolation } from "./isolation.ts";
import type { FunctionLimits } from "./limits.ts";
import type { Hook, Phase } from "./phase.ts";
import type { Rule } from "./rule.ts";
import type { Services } from "./service-target.ts";
import type { InvokeRequest, InvokeResult, LogRecord, NodeAck } from "./desired-state.ts";

/** `POST /v1/functions` (201), `GET /v1/functions/:name`; `GET /v1/functions` lists `{functions}`; `DELETE` answers 204. */
export interface FunctionResource {
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly latest: string | null;
  readonly createdAt: string;
  readonly aliases: readonly AliasResource[];
}

export interface CreateFunction {
  readonly name: string;
  readonly description?: string;
}

/** `PATCH /v1/functions/:name` → FunctionResource. Absent keys stay; a disabled function is not run by any node. */
export interface FunctionUpdate {
  readonly description?: string;
  readonly enabled?: boolean;
}

/** `PUT /v1/functions/:name/environment`, `GET` the same path: secrets come back as names only. Takes effect with the next published version. */
export interface EnvironmentInput {
  readonly variables: Readonly<Record<string, string>>;
  /** A value of null keeps the stored secret of that name; a name that is absent is deleted. */
  readonly secrets: Readonly<Record<string, string | null>>;
}
export interface EnvironmentResource {
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

/** `POST /v1/blobs/missing` {digests} → {missing}. */
export interface MissingBlobs {
  readonly digests: readonly Digest[];
}
/** `POST /v1/blobs` → 204. Each blob's bytes are hashed and compared; `GET /v1/blobs/:digest` returns the bytes (nodes only). */
export interface BlobUpload {
  readonly blobs: readonly { readonly digest: Digest; readonly base64: string }[];
}

/** Where the source of a version comes from. */
export type Source =
  | {
      readonly kind: "tree";
      /** Relative path of the entry module, `/` separated. */
      readonly entry: string;
      /** Every file, node_modules included where imported; relative paths without `..`, uploaded as blobs before. */
      readonly files: readonly { readonly path: string; readonly digest: Digest }[];
    }
  | { readonly kind: "inline"; readonly code: string; readonly language: "js" | "ts" }
  /** Bundled by the author's own tools (`--bundler rollup`): one ES module without imports. */
  | { readonly kind: "bundle"; readonly code: string; readonly sourceMap: string | null }
  /** A ZIP. `entry` absent: the handler's file, or the first of `archiveEntries` that it holds. */
  | (ArchivePlace & { readonly entry?: string });

/** Where the control plane gets a ZIP of at most `archiveLimits.bytesMax` bytes from. */
export type ArchivePlace =
  /** Blobs that were uploaded before; in their order they are the archive. */
  | { readonly kind: "archive"; readonly parts: readonly Digest[] }
  /** http or https, fetched once: at public addresses, and those that the control plane's `codeAllowNetworks` name. */
  | { readonly kind: "url"; readonly url: string };

/** `POST /v1/functions/:name/versions` → 201 PublishResult. `wait` seconds (0..30, default 10) for nodes to acknowledge. */
export interface PublishRequest {
  readonly source: Source;
  /** Default `vYYYYMMDD-HHMMSS` (with `-N` when taken). */
  readonly version?: string;
  readonly description?: string;
  readonly limits?: Partial<FunctionLimits>;
  /** Other functions it may call, by their name in `env`; frozen with the version. Each must exist. */
  readonly services?: Services;
  /** Packages it is bundled with, beside those of its source; frozen with the version. Each must exist. */
  readonly dependencies?: Dependencies;
  /** Default `shared`; `dedicated`: its isolates have a process of their own on each front. */
  readonly isolation?: Isolation;
  /** Let the module make code of text: `eval` and the constructors of functions. Default false. */
  readonly allowEval?: boolean;
  /** Where it may connect to, within what nodes allow (entries: `egressEntryText`); `deny` wins. Default: wherever nodes allow. */
  readonly egress?: { readonly allow?: readonly string[]; readonly deny?: readonly string[] };
  /** Its named exports are an event function: `index.handler` by default. Null or absent: it has hooks only. */
  readonly event?: Partial<EventSettings> | null;
  /** Aliases to create or move to the new version in the same revision. */
  readonly aliases?: readonly string[];
  /** Make a startup snapshot. Default: from `publishLimits.snapshotBundleBytesMin` bytes of bundle on. */
  readonly snapshot?: boolean;
  readonly waitSeconds?: number;
}

export interface PublishResult {
  readonly version: VersionResource;
  readonly revision: number;
  readonly rollout: RevisionResource;
  /** Milliseconds of each step. */
  readonly timings: {
    readonly bundleMs: number;
    readonly evaluateMs: number;
    readonly storeMs: number;
    readonly rolloutMs: number;
  };
  readonly warnings: readonly string[];
}

/** `GET /v1/functions/:name/versions` → {versions}, newest first; `GET|DELETE .../versions/:version`. */
export interface VersionResource {
  readonly function: string;
  readonly version: string;
  readonly description: string;
  readonly createdAt: string;
  readonly digest: Digest;
  readonly hooks: readonly Hook[];
  readonly limits: FunctionLimits;
  readonly services: Services;
  /** What it was built with; it holds what it needs of them. */
  readonly dependencies: Dependencies;
  readonly isolation: Isolation;
  readonly allowEval: boolean;
  readonly egress: Egress;
  readonly event: EventSettings | null;
  readonly moduleBytes: number;
  readonly snapshot: { readonly state: "ready" | "off" | "failed"; readonly bytes: number; readonly reason: string };
  readonly aliases: readonly string[];
}

/** `PUT /v1/functions/:name/aliases/:alias` {version} → 200 {alias, revision, rollout}; `DELETE` → 204; list in FunctionResource. */
export interface AliasResource {
  readonly name: string;
  readonly version: string;
  /** The version that some requests get instead, and which. */
  readonly grey: AliasGrey | null;
  /** Versions it named before, newest first, at most 20. */
  readonly previous: readonly string[];
  readonly updatedAt: string;
}
export interface AliasInput {
  readonly version: string;
  /** Default: none, and one that was there ends. `by` may be left out. */
  readonly grey?: AliasGrey | null;
  readonly waitSeconds?: number;
}
/** `POST /v1/functions/:name/aliases/:alias/rollback` {version?, waitSeconds?}: to `version`; else its grey version is taken back; else to the newest of `previous`. */
export interface RollbackInput {
  readonly version?: string;
  readonly waitSeconds?: number;
}
export interface AliasChange {
  readonly alias: AliasResource;
  readonly revision: number;
  readonly rollout: RevisionResource;
}

/**
 * `PUT /v1/domains/:domain?comment=&dryRun=&waitSeconds=` → DomainChange; `GET`, `DELETE`; list {domains}. The body has the keys of DomainConfig
 * (defaults are filled in) and, to replace the rules in the same version, `rules: RuleInput[]`. `If-Match: "VERSION"` changes only that version
 * (else 412), `If-None-Match: *` only creates. Answers carry the version as `ETag`. Secrets are masked (`***` and their last two characters); a
 * mask that is put keeps the stored secret, and `GET …?secrets=true` shows them to administrators.
 */
export interface DomainResource {
  /** Grows by one with each change of configuration or rules. */
  readonly version: number;
  readonly config: DomainConfig;
  readonly rules: readonly RuleResource[];
  readonly updatedAt: string;
}
/** `PUT /v1/domains/:domain/rules` {rules: RuleInput[], waitSeconds?} replaces all at once → DomainChange; `GET` → {rules}. */
export type RuleInput = Pick<Rule, "phase" | "matchType" | "function" | "priority"> & Partial<Rule>;
export interface RuleResource extends Rule {
  /** The rule names `latest`, which changes with every publish. */
  readonly floating: boolean;
}
export interface DomainChange {
  readonly domain: DomainResource;
  /** What it changed; nothing: no version and no revision was made. */
  readonly changes: readonly DomainDifference[];
  /** Nothing was changed; `domain` is what it would be. */
  readonly dryRun: boolean;
  readonly revision: number;
  readonly rollout: RevisionResource;
}

/** `GET /v1/certificates` → {certificates}; `GET` one; `DELETE /v1/certificates/:name` → 204. The key is never answered. */
export interface CertificateResource extends CertificateFacts {
  readonly name: string;
  readonly updatedAt: string;
  /** Nodes that could not serve it when they last acknowledged a revision, and why; each goes on with what it had of this name. */
  readonly refusals: readonly CertificateRefusal[];
}
export interface CertificateRefusal {
  readonly node: string;
  /** The revision that the node acknowledged with it. */
  readonly revision: number;
  readonly code: ErrorCode;
  readonly message: string;
}
/** `PUT /v1/certificates/:name?waitSeconds=N` → CertificateChange. Both in PEM; the chain begins with the certificate itself. */
export interface CertificateInput {
  readonly certificate: string;
  readonly key: string;
}
export interface CertificateChange {
  readonly certificate: CertificateResource;
  readonly revision: number;
  readonly rollout: RevisionResource;
}

/** `GET /v1/domains/:domain/versions` → {versions}, newest first, at most `domainLimits.versionsPerDomainMax`. */
export interface DomainVersionSummaryResource {
  readonly version: number;
  readonly createdAt: string;
  /** The token that made it, by the name it had. */
  readonly author: { readonly tokenId: string; readonly name: string };
  readonly comment: string;
}
/** `GET /v1/domains/:domain/versions/:version?secrets=`. */
export interface DomainVersionResource extends DomainVersionSummaryResource {
  readonly config: DomainConfig;
  readonly rules: readonly RuleResource[];
}
/** `POST /v1/domains/:domain/rollback` → DomainChange; `version` absent: the one before the present. What it was becomes the newest version. */
export interface DomainRollbackInput {
  readonly version?: number;
  readonly comment?: string;
  readonly waitSeconds?: number;
}
/** `GET /v1/domains/:domain/diff?from=&to=` (`to` absent: the present), `POST /v1/domains/:domain/diff` with a document: what a PUT would change. */
export interface DomainDiff {
  readonly differences: readonly DomainDifference[];
}

/** `GET /v1/revisions/:revision?waitSeconds=N` (`current` for the newest): who serves it. */
export interface RevisionResource {
  readonly revision: number;
  readonly createdAt: string;
  /** Connected nodes when asked. */
  readonly nodesConnected: number;
  readonly nodesServing: number;
  /** From the revision's creation to the last acknowledgement, milliseconds; null while not all connected nodes serve it. */
  readonly completeMs: number | null;
  readonly acks: readonly NodeAck[];
}

/** `GET /v1/nodes` → {nodes}; `DELETE /v1/nodes/:name` → 204. */
export interface NodeResource {
  readonly name: string;
  readonly connected: boolean;
  readonly revision: number;
  readonly lastSeenAt: string;
  readonly selvageVersion: string;
  readonly nodeVersion: string;
  readonly driver: "process" | "in-process";
  readonly runtimeKey: string;
}

/** `POST /v1/tokens` → 201 TokenCreated (the only time the token is shown); `GET` → {tokens}; `DELETE /v1/tokens/:id` → 204. */
export type TokenRole = "admin" | "publisher" | "node";
export interface TokenResource {
  readonly id: string;
  readonly name: string;
  readonly role: TokenRole;
  readonly createdAt: string;
}
export interface TokenCreated extends TokenResource {
  readonly token: string;
}

/** `POST /v1/access-keys` → 201 AccessKeyCreated (the only time the secret is shown); `GET` → {accessKeys}; `DELETE /v1/access-keys/:id` → 204. */
export interface AccessKeyInput {
  readonly name: string;
  readonly role: "admin" | "publisher";
}
export interface AccessKeyResource extends AccessKeyInput {
  readonly id: string;
  readonly createdAt: string;
}
export interface AccessKeyCreated extends AccessKeyResource {
  readonly secret: string;
}

/** `GET /v1/functions/:name/snapshot`. */
export interface SnapshotResource {
  /** Null while one is being made: its version is not published yet. Only the control plane that makes it says so. */
  readonly version: string | null;
  readonly state: "making" | "ready" | "off" | "failed";
  readonly bytes: number;
  /** Why there is none; of one that is ready, whether the initializer ran before. */
  readonly reason: string;
}

/** `POST /v1/functions/:name/invocations` → InvokeResult. */
export interface InvokeInput {
  /** Version, alias or `latest` (default). */
  readonly qualifier?: string;
  readonly phase?: Phase;
  /** A request for a hook. Either this or `event`. */
  readonly request?: InvokeRequest;
  /** Any JSON, at most `eventLimits.bytesMax`: the event of an event function. The outcome is a response with the headers of event-answer.ts. */
  readonly event?: unknown;
  /**
   * With an event that is waited for: the instance's size, one of the version's `event.memorySizesMiB`; another is refused. Default: the header
   * `X-Cff-Instance-Memory` where the version offers sizes, else the version's own.
   */
  readonly memoryMiB?: number;
  /** With an event: it is accepted, at most `callLimits.eventBytesMax`, and run later → 202 CallAccepted (calls.ts). Default false. */
  readonly async?: boolean;
}
export type InvokeAnswer = InvokeResult;

/** `GET /v1/logs?function=&requestId=&level=&limit=` → {records}; with `follow=1` one LogRecord per line as it comes. */
export interface LogPage {
  readonly records: readonly LogRecord[];
}

/** `GET /healthz` (no token). */
export interface HealthResource {
  readonly status: "ok";
  readonly version: string;
  readonly revision: number;
  /** Of the backups made by themselves; absent: none are. */
  readonly backup?: BackupState;
}
/** `GET /v1/backup` answers with a file for `selvage restore`. */
export interface BackupState {
  /** When the newest was made; null: there is none. */
  readonly lastAt: string | null;
  /** The last one failed; the control plane's log says why. */
  readonly isFailing: boolean;
}
