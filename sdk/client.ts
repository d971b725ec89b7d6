/**
 * The typed client of the control plane's REST API: one method per route of `api.ts`.
 *
 * It trusts the control plane's answers to have the types of `api.ts` (the control plane answers by its own schemas) and
 * holds no state but its connection. Every method throws `SelvageApiError`; every call has a deadline.
 */
import type {
  AliasChange,
  AliasInput,
  BlobUpload,
  CertificateChange,
  CertificateInput,
  CertificateResource,
  CreateFunction,
  DomainChange,
  DomainDiff,
  DomainResource,
  DomainRollbackInput,
  DomainVersionResource,
  DomainVersionSummaryResource,
  EnvironmentInput,
  EnvironmentResource,
  FunctionResource,
  HealthResource,
  InvokeAnswer,
  InvokeInput,
  LogPage,
  MissingBlobs,
  NodeResource,
  PublishRequest,
  PublishResult,
  RevisionResource,
  RollbackInput,
  RuleInput,
  RuleResource,
  TokenCreated,
  TokenResource,
  TokenRole,
  SnapshotResource,
  VersionResource,
} from "./api.ts";
import { SelvageApiError } from "./api-error.ts";
import { aliasPath, functionPath, queryText } from "./client/paths.ts";
import { pause } from "./client/pause.ts";
import { DependencyCalls } from "./client/dependency-calls.ts";
import { CallsClient } from "./client/calls-client.ts";
import type { AuditFilter, AuditPage } from "./audit.ts";
import { RestConnection, type CallOptions, type Method } from "./client/rest-connection.ts";
import { ReservedClient } from "./client/reserved-client.ts";
import { RolloutCalls } from "./client/rollout-calls.ts";
import type { ExplainInput, Explanation } from "./explain.ts";
import type { LogRecord } from "./desired-state.ts";
import type { PreheatInput, PreheatResource, PurgeInput, PurgeResource } from "./purge.ts";
import type { QuotaResource } from "./quota.ts";
import type { DomainConfig } from "./domain.ts";
import type { DomainDifference } from "./domain-diff.ts";

export interface ClientOptions {
  /** Base URL of the control plane, for example `http://127.0.0.1:8700`. */
  readonly url: string;
  /** API token; empty for `health()` alone. */
  readonly token: string;
  /** Deadline of ordinary calls, milliseconds, 1..600000. Default 30000. */
  readonly timeoutMs?: number;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface LogQuery {
  readonly function?: string;
  readonly requestId?: string;
  readonly level?: LogRecord["level"];
  /** Newest records to return. */
  readonly limit?: number;
}

/** The keys of a configuration, and `rules` to replace the rules in the same version. */
export type DomainInputDocument = Partial<DomainConfig> | Readonly<Record<string, unknown>>;

export interface DomainWriteOptions {
  /** The change is refused when the domain is at another version, or (none) exists. Default: whatever is there is replaced. */
  readonly expectedVersion?: number | "none" | undefined;
  readonly comment?: string | undefined;
  /** Everything is checked and answered, nothing is changed. */
  readonly dryRun?: boolean | undefined;
  readonly waitSeconds?: number | undefined;
}

/** Bundling, evaluating, making a snapshot, waiting in the build queue and for nodes, milliseconds. */
const PUBLISH_TIMEOUT_MS = 300_000;
/** A stream of logs that broke is opened again after this time, milliseconds. */
const FOLLOW_RETRY_MS = 500;

export class SelvageClient {
  /** Asynchronous calls. */
  readonly calls: CallsClient;
  readonly #connection: RestConnection;
  readonly #timeoutMs: number;
  /** Packages that functions are bundled with. */
  readonly dependencies: DependencyCalls;
  /** Rollouts in steps, and the counters they are judged by. */
  readonly rollouts: RolloutCalls;
  /** Instances that nodes keep started. */
  readonly reserved: ReservedClient;

  constructor(options: ClientOptions) {
    const { url, token, fetch = globalThis.fetch } = options;
    this.#connection = new RestConnection({ url, token, fetch });
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.reserved = new ReservedClient((request, body) => this.#call(request, body));
    this.rollouts = new RolloutCalls((request, body) => this.#call(request, body));
    this.dependencies = new DependencyCalls((request, body) => this.#call(request, body, PUBLISH_TIMEOUT_MS));
    this.calls = new CallsClient(this.#connection, { timeoutMs: this.#timeoutMs });
  }

  // Functions

  async listFunctions(): Promise<readonly FunctionResource[]> {
    return (await this.#call<{ functions: FunctionResource[] }>("GET /v1/functions")).functions;
  }
  createFunction(input: CreateFunction): Promise<FunctionResource> {
    return this.#call("POST /v1/functions", input);
  }
  getFunction(name: string): Promise<FunctionResource> {
    return this.#call(`GET ${functionPath(name)}`);
  }
  deleteFunction(name: string): Promise<void> {
    return this.#call(`DELETE ${functionPath(name)}`);
  }
  getEnvironment(name: string): Promise<EnvironmentResource> {
    return this.#call(`GET ${functionPath(name)}/environment`);
  }
  /** Replaces the whole environment; null keeps a stored secret. */
  setEnvironment(name: string, input: EnvironmentInput): Promise<EnvironmentResource> {
    return this.#call(`PUT ${functionPath(name)}/environment`, input);
  }

  // Versions

  /** Which of the blobs the control plane does not have. */
  async missingBlobs(input: MissingBlobs): Promise<readonly string[]> {
    return (await this.#call<{ missing: string[] }>("POST /v1/blobs/missing", input)).missing;
  }
  uploadBlobs(input: BlobUpload): Promise<void> {
    return this.#call("POST /v1/blobs", input);
  }
  publish(name: string, request: PublishRequest): Promise<PublishResult> {
    return this.#call(`POST ${functionPath(name)}/versions`, request, PUBLISH_TIMEOUT_MS);
  }
  async listVersions(name: string): Promise<readonly VersionResource[]> {
    return (await this.#call<{ versions: VersionResource[] }>(`GET ${functionPath(name)}/versions`)).versions;
  }
  getVersion(name: string, version: string): Promise<VersionResource> {
    return this.#call(`GET ${functionPath(name)}/versions/${encodeURIComponent(version)}`);
  }
  deleteVersion(name: string, version: string): Promise<void> {
    return this.#call(`DELETE ${functionPath(name)}/versions/${encodeURIComponent(version)}`);
  }
  /** Of the version published last, or of one that is being made. */
  snapshot(name: string): Promise<SnapshotResource> {
    return this.#call(`GET ${functionPath(name)}/snapshot`);
  }

  // Aliases

  setAlias(name: string, { alias, ...input }: AliasInput & { readonly alias: string }): Promise<AliasChange> {
    return this.#call(`PUT ${aliasPath(name, alias)}`, input, this.#waiting(input.waitSeconds));
  }
  deleteAlias(name: string, alias: string): Promise<void> {
    return this.#call(`DELETE ${aliasPath(name, alias)}`);
  }
  rollback(name: string, { alias, ...input }: RollbackInput & { readonly alias: string }): Promise<AliasChange> {
    return this.#call(`POST ${aliasPath(name, alias)}/rollback`, input, this.#waiting(input.waitSeconds));
  }

  // Domains

  async listDomains(): Promise<readonly DomainResource[]> {
    return (await this.#call<{ domains: DomainResource[] }>("GET /v1/domains")).domains;
  }
  /** Secrets are masked unless `secrets` asks for them, which only administrators may. */
  getDomain(domain: string, { secrets }: { readonly secrets?: boolean } = {}): Promise<DomainResource> {
    return this.#call(`GET ${domainPath(domain)}${queryText({ secrets })}`);
  }
  /** Replaces the configuration, and the rules where `document` has them; keys left out get their defaults. */
  setDomain(domain: string, document: DomainInputDocument, options: DomainWriteOptions = {}): Promise<DomainChange> {
    const { expectedVersion, waitSeconds, comment, dryRun } = options;
    const query = queryText({ waitSeconds, comment, dryRun });
    return this.#call(`PUT ${domainPath(domain)}${query}`, document, {
      timeoutMs: this.#waiting(waitSeconds),
      headers: expecting(expectedVersion),
    });
  }
  /** What `setDomain` would change; checked like it. */
  async diffDomain(domain: string, document: DomainInputDocument): Promise<readonly DomainDifference[]> {
    return (await this.#call<DomainDiff>(`POST ${domainPath(domain)}/diff`, document)).differences;
  }
  /** From one version to another; `to` left out: to what is served. */
  async diffDomainVersions(
    domain: string,
    range: { readonly from: number; readonly to?: number | undefined },
  ): Promise<readonly DomainDifference[]> {
    const { from, to } = range;
    return (await this.#call<DomainDiff>(`GET ${domainPath(domain)}/diff${queryText({ from, to })}`)).differences;
  }
  /** Newest first; the newest is what is served. */
  async listDomainVersions(domain: string): Promise<readonly DomainVersionSummaryResource[]> {
    return (await this.#call<{ versions: DomainVersionSummaryResource[] }>(`GET ${domainPath(domain)}/versions`))
      .versions;
  }
  getDomainVersion(
    domain: string,
    { version, secrets }: { readonly version: number; readonly secrets?: boolean },
  ): Promise<DomainVersionResource> {
    return this.#call(`GET ${domainPath(domain)}/versions/${version}${queryText({ secrets })}`);
  }
  rollbackDomain(
    domain: string,
    { expectedVersion, ...input }: DomainRollbackInput & Pick<DomainWriteOptions, "expectedVersion"> = {},
  ): Promise<DomainChange> {
    return this.#call(`POST ${domainPath(domain)}/rollback`, input, {
      timeoutMs: this.#waiting(input.waitSeconds),
      headers: expecting(expectedVersion),
    });
  }
  deleteDomain(domain: string): Promise<void> {
    return this.#call(`DELETE ${domainPath(domain)}`);
  }
  async getRules(domain: string): Promise<readonly RuleResource[]> {
    return (await this.#call<{ rules: RuleResource[] }>(`GET ${domainPath(domain)}/rules`)).rules;
  }
  /** Replaces all rules of the domain at once. */
  setRules(
    domain: string,
    { expectedVersion, ...input }: { readonly rules: readonly RuleInput[] } & Omit<DomainWriteOptions, "dryRun">,
  ): Promise<DomainChange> {
    return this.#call(`PUT ${domainPath(domain)}/rules`, input, {
      timeoutMs: this.#waiting(input.waitSeconds),
      headers: expecting(expectedVersion),
    });
  }

  // Caches

  /** Answers once every connected node did it, or `waitSeconds` are over. */
  purge(input: PurgeInput): Promise<PurgeResource> {
    return this.#call("POST /v1/purges", input, this.#waiting(input.waitSeconds));
  }
  async listPurges(): Promise<readonly PurgeResource[]> {
    return (await this.#call<{ purges: PurgeResource[] }>("GET /v1/purges")).purges;
  }
  getPurge(id: string, waitSeconds = 0): Promise<PurgeResource> {
    return this.#call(
      `GET /v1/purges/${encodeURIComponent(id)}?waitSeconds=${waitSeconds}`,
      undefined,
      this.#waiting(waitSeconds),
    );
  }
  /** Answers once every connected node has fetched the URLs, or `waitSeconds` are over. */
  preheat(input: PreheatInput): Promise<PreheatResource> {
    return this.#call("POST /v1/preheats", input, this.#waiting(input.waitSeconds));
  }
  async listPreheats(): Promise<readonly PreheatResource[]> {
    return (await this.#call<{ preheats: PreheatResource[] }>("GET /v1/preheats")).preheats;
  }
  getPreheat(id: string, waitSeconds = 0): Promise<PreheatResource> {
    return this.#call(
      `GET /v1/preheats/${encodeURIComponent(id)}?waitSeconds=${waitSeconds}`,
      undefined,
      this.#waiting(waitSeconds),
    );
  }

  // Certificates

  async listCertificates(): Promise<readonly CertificateResource[]> {
    return (await this.#call<{ certificates: CertificateResource[] }>("GET /v1/certificates")).certificates;
  }
  /** Stores it, or replaces the one of this name. */
  setCertificate(name: string, input: CertificateInput): Promise<CertificateChange> {
    return this.#call(`PUT ${certificatePath(name)}`, input, this.#waiting(undefined));
  }
  deleteCertificate(name: string): Promise<void> {
    return this.#call(`DELETE ${certificatePath(name)}`);
  }

  // Fleet

  getRevision(revision: number | "current", waitSeconds = 0): Promise<RevisionResource> {
    return this.#call(
      `GET /v1/revisions/${revision}?waitSeconds=${waitSeconds}`,
      undefined,
      this.#waiting(waitSeconds),
    );
  }
  async listNodes(): Promise<readonly NodeResource[]> {
    return (await this.#call<{ nodes: NodeResource[] }>("GET /v1/nodes")).nodes;
  }
  deleteNode(name: string): Promise<void> {
    return this.#call(`DELETE /v1/nodes/${encodeURIComponent(name)}`);
  }
  /** The answer is the only place that ever shows the token. */
  createToken(input: { readonly name: string; readonly role: TokenRole }): Promise<TokenCreated> {
    return this.#call("POST /v1/tokens", input);
  }
  async listTokens(): Promise<readonly TokenResource[]> {
    return (await this.#call<{ tokens: TokenResource[] }>("GET /v1/tokens")).tokens;
  }
  deleteToken(id: string): Promise<void> {
    return this.#call(`DELETE /v1/tokens/${encodeURIComponent(id)}`);
  }
  async listQuotas(): Promise<readonly QuotaResource[]> {
    return (await this.#call<{ quotas: QuotaResource[] }>("GET /v1/quotas")).quotas;
  }
  setQuota(name: string, value: number): Promise<QuotaResource> {
    return this.#call(`PUT /v1/quotas/${encodeURIComponent(name)}`, { value });
  }
  /** Brings its default back. */
  resetQuota(name: string): Promise<void> {
    return this.#call(`DELETE /v1/quotas/${encodeURIComponent(name)}`);
  }
  /** Newest first. */
  listAudit(filter: AuditFilter, page: { readonly before?: number; readonly limit?: number } = {}): Promise<AuditPage> {
    return this.#call(`GET /v1/audit${queryText({ ...filter, ...page })}`);
  }
  /** Everything that matches, as CSV. */
  exportAudit(filter: AuditFilter): AsyncIterable<Uint8Array> {
    return this.#connection.bytes(`GET /v1/audit/export${queryText({ ...filter })}`, { timeoutMs: this.#timeoutMs });
  }
  /** The bytes of a backup, whose last line tells whether they are all (backup-footer.ts). */
  backup(): AsyncIterable<Uint8Array> {
    return this.#connection.bytes("GET /v1/backup", { timeoutMs: PUBLISH_TIMEOUT_MS });
  }
  /** Needs no token. */
  health(): Promise<HealthResource> {
    return this.#call("GET /healthz");
  }

  // Running

  invoke(name: string, input: InvokeInput): Promise<InvokeAnswer> {
    return this.#call(`POST ${functionPath(name)}/invocations`, input, PUBLISH_TIMEOUT_MS);
  }
  /** What one node would do with a request. */
  explain(input: ExplainInput): Promise<Explanation> {
    return this.#call("POST /v1/explain", input, PUBLISH_TIMEOUT_MS);
  }
  async listLogs(query: LogQuery = {}): Promise<readonly LogRecord[]> {
    return (await this.#call<LogPage>(`GET /v1/logs${queryText({ ...query })}`)).records;
  }
  /**
   * Records as they come, until `signal` aborts. A stream that breaks after it was open is opened again; records of the
   * gap are not repeated.
   */
  async *followLogs(query: LogQuery, signal: AbortSignal): AsyncGenerator<LogRecord> {
    const request = `GET /v1/logs${queryText({ ...query, follow: 1 })}` as const;
    for (let opened = false; !signal.aborted;) {
      const onOpen = () => {
        opened = true;
      };
      try {
        for await (const line of this.#connection.lines(request, { timeoutMs: this.#timeoutMs, signal, onOpen })) {
          yield JSON.parse(line) as LogRecord;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!opened || !(error instanceof SelvageApiError) || error.status !== 0) throw error;
      }
      await pause(FOLLOW_RETRY_MS, signal);
    }
  }

  /** The deadline of a call that waits for nodes. */
  #waiting(waitSeconds: number | undefined): number {
    return this.#timeoutMs + (waitSeconds ?? 10) * 1_000;
  }

  async #call<T>(
    request: `${Method} /${string}`,
    body?: unknown,
    options: number | { readonly timeoutMs: number; readonly headers?: CallOptions["headers"] } = this.#timeoutMs,
  ): Promise<T> {
    const { timeoutMs, headers } = typeof options === "number" ? { timeoutMs: options, headers: {} } : options;
    return (await this.#connection.call(request, { body, timeoutMs, headers })) as T;
  }
}

function domainPath(domain: string): `/${string}` {
  return `/v1/domains/${encodeURIComponent(domain)}`;
}

function certificatePath(name: string): `/${string}` {
  return `/v1/certificates/${encodeURIComponent(name)}`;
}

function expecting(version: DomainWriteOptions["expectedVersion"]): CallOptions["headers"] {
  if (version === undefined) return {};
  return version === "none" ? { "if-none-match": "*" } : { "if-match": `"${version}"` };
}
