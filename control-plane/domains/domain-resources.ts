/** Domains and their versions as answers show them. Secrets are masked unless an administrator asked for them. */
import type {
  DomainResource,
  DomainVersionResource,
  DomainVersionSummaryResource,
  RuleResource,
} from "../../sdk/api.ts";
import type { DomainDocument } from "../../sdk/domain-document.ts";
import { maskDomainSecrets } from "../../sdk/domain-secrets.ts";
import type { Rule } from "../../sdk/rule.ts";
import { notFound } from "../control-error.ts";
import { decryptDomainSecrets } from "../keys/domain-secrets-at-rest.ts";
import type { MasterKey } from "../keys/master-key.ts";
import type { DomainRow, DomainVersionRow, DomainVersionSummary, StoreView } from "../store.ts";

export type SecretDisplay = "masked" | "shown";

/** A domain with its secrets in the clear. */
export interface OpenDomain extends DomainDocument {
  readonly version: number;
  readonly updatedAt: string;
}

/** @throws ControlError NOT_FOUND. */
export async function requireDomain(view: StoreView, domain: string): Promise<DomainRow> {
  const row = await view.domains.get(domain);
  if (row === null) throw notFound(`domain "${domain}"`);
  return row;
}

/** @throws ControlError NOT_FOUND. */
export async function requireDomainVersion(
  view: StoreView,
  { domain, version }: { readonly domain: string; readonly version: number },
): Promise<DomainVersionRow> {
  const row = await view.domainVersions.get(domain, version);
  if (row === null) throw notFound(`version ${String(version)} of domain "${domain}"`);
  return row;
}

export function openRow<T extends Pick<DomainRow, "config" | "rules">>(masterKey: MasterKey, row: T): T {
  return { ...row, config: decryptDomainSecrets(masterKey, row.config) };
}

export function toResource({ config, rules, updatedAt, version }: OpenDomain, secrets: SecretDisplay): DomainResource {
  return { version, config: shown(config, secrets), rules: rules.map(toRuleResource), updatedAt };
}

/** `row` has its secrets in the clear. */
export function toVersionResource(row: DomainVersionRow, secrets: SecretDisplay): DomainVersionResource {
  return { ...toVersionSummary(row), config: shown(row.config, secrets), rules: row.rules.map(toRuleResource) };
}

export function toVersionSummary({
  version,
  createdAt,
  author,
  comment,
}: DomainVersionSummary): DomainVersionSummaryResource {
  return { version, createdAt, author, comment };
}

export function toRuleResource(rule: Rule): RuleResource {
  return { ...rule, floating: rule.version === "latest" };
}

function shown(config: DomainRow["config"], secrets: SecretDisplay): DomainRow["config"] {
  return secrets === "shown" ? config : maskDomainSecrets(config);
}
