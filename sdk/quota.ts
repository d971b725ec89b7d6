/**
 * Quotas: how many things may be stored, changed by administrators within the range of each.
 *
 * `GET /v1/quotas` → {quotas}; `PUT /v1/quotas/:name` {value} → QuotaResource; `DELETE` brings the default back. A quota below what is used takes
 * nothing away: nothing more is taken in until there is room.
 */
import { certificateLimits } from "./cdn-limits.ts";
import { storeLimits } from "./limits.ts";

export interface QuotaDefinition {
  readonly meaning: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Of the value and of what is used. */
  readonly unit: "count" | "MiB";
}

export type QuotaName =
  | "functions"
  | "versionsPerFunction"
  | "aliasesPerFunction"
  | "codeMiB"
  | "domains"
  | "certificates"
  | "tokens"
  | "nodes"
  | "dependencies"
  | "dependencyMiB"
  | "reservedInstances"
  | "reservedMemoryMiB";

export const quotas: Readonly<Record<QuotaName, QuotaDefinition>> = {
  functions: { meaning: "functions", default: 20_000, min: 0, max: 1_000_000, unit: "count" },
  versionsPerFunction: {
    meaning: "versions of one function",
    default: storeLimits.versionsPerFunctionMax,
    min: 1,
    max: 10_000,
    unit: "count",
  },
  aliasesPerFunction: {
    meaning: "aliases of one function",
    default: storeLimits.aliasesPerFunctionMax,
    min: 0,
    max: 1_000,
    unit: "count",
  },
  codeMiB: { meaning: "bundled code of all versions", default: 20_480, min: 1, max: 1_048_576, unit: "MiB" },
  domains: { meaning: "domains", default: storeLimits.domainsMax, min: 0, max: 100_000, unit: "count" },
  certificates: {
    meaning: "certificates",
    default: certificateLimits.certificatesMax,
    min: 0,
    max: 20_000,
    unit: "count",
  },
  tokens: { meaning: "tokens", default: 1_000, min: 1, max: 10_000, unit: "count" },
  nodes: { meaning: "nodes", default: storeLimits.nodesMax, min: 0, max: 10_000, unit: "count" },
  dependencies: { meaning: "versions of all dependencies", default: 2_000, min: 0, max: 100_000, unit: "count" },
  dependencyMiB: { meaning: "archives of all dependencies", default: 10_240, min: 0, max: 1_048_576, unit: "MiB" },
  reservedInstances: {
    meaning: "instances that reservations guarantee on each node, each at least one",
    default: 90,
    min: 0,
    max: 100_000,
    unit: "count",
  },
  reservedMemoryMiB: {
    meaning: "memory of the instances that reservations guarantee on each node",
    default: 4_096,
    min: 0,
    max: 1_048_576,
    unit: "MiB",
  },
};

export const quotaNames: readonly QuotaName[] = Object.keys(quotas) as QuotaName[];

export interface QuotaResource extends QuotaDefinition {
  readonly name: QuotaName;
  readonly value: number;
  /** By the function that uses most, where it is one of a function; MiB are rounded up. */
  readonly used: number;
}
