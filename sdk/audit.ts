/**
 * Audit records: who changed what, when, and how it ended. One for every request that changes something, made in the change's own transaction, and
 * one for every such request of a known token that was refused or failed. None holds a secret.
 *
 * `GET /v1/audit?from=&to=&actor=&action=&resource=&level=&outcome=&before=&limit=` → AuditPage; `GET /v1/audit/export` with the same filters answers
 * with all of them as CSV. For administrators.
 */
export const auditLevels = ["normal", "warning", "incident"] as const;
export type AuditLevel = (typeof auditLevels)[number];

/** `refused`: nothing was changed, for a reason of the caller's (4xx). `failed`: the control plane failed (5xx). */
export const auditOutcomes = ["success", "refused", "failed"] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

export interface AuditRecord {
  /** Grows with every record. */
  readonly sequence: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Name of the token, as it was called then. */
  readonly actor: string;
  readonly tokenId: string;
  /** For example `createFunction`, `publishFunctionVersion`, `deleteVersionAlias`. */
  readonly action: string;
  /** What it was done to, for example `function/hello/alias/live`. */
  readonly resource: string;
  /** What else there is to know, for example `version=v2`. */
  readonly detail: string;
  readonly level: AuditLevel;
  readonly outcome: AuditOutcome;
  /** Of the error. */
  readonly code: string | null;
  readonly requestId: string;
}

/** Absent keys match everything. */
export interface AuditFilter {
  /** Not before this time, ISO 8601. */
  readonly from?: string;
  /** Before this time. */
  readonly to?: string;
  readonly actor?: string;
  readonly action?: string;
  /** This thing and what belongs to it: `function/hello` finds `function/hello/alias/live`, too. */
  readonly resource?: string;
  readonly level?: AuditLevel;
  readonly outcome?: AuditOutcome;
}

export interface AuditPage {
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  /** `before` of the next page; null: this is the last. */
  readonly next: number | null;
}

export const auditLimits = {
  /** Of one page. */
  pageMax: 1_000,
  pageDefault: 100,
  /** Records kept, whatever their age; the oldest go first. */
  keptMax: 1_000_000,
  textCharsMax: 512,
} as const;
