/**
 * What differs between two domain documents, as a list of paths with the value before and after.
 *
 * Entries of lists are recognised by what they are (priority, address, name, code), not by their place, so that one entry more is one difference.
 * Pure. Invariant: the list is empty exactly when the documents say the same, order included; secrets in it are masked.
 */
import { isDeepStrictEqual } from "node:util";
import type { DomainConfig } from "./domain.ts";
import { type DomainDocument, toDomainInput } from "./domain-document.ts";
import { mapDomainSecrets, maskSecret, type SecretPath } from "./domain-secrets.ts";

export interface DomainDifference {
  /** For example `cache_rules[priority=50].ttl`; `NAME[order]` when only the order of a list changed. */
  readonly path: string;
  /** Absent: it was not there. */
  readonly before?: unknown;
  /** Absent: it is not there any more. */
  readonly after?: unknown;
}

/** `before` null: there was no such domain. Secrets are given in the clear and come out masked. */
export function diffDomains(before: DomainDocument | null, after: DomainDocument): readonly DomainDifference[] {
  const differences: DomainDifference[] = [];
  const old = before === null ? {} : toDomainInput({ ...before, config: maskBeside(before.config, null) });
  const next = toDomainInput({ ...after, config: maskBeside(after.config, before?.config ?? null) });
  compareRecords({ path: "", before: old, after: next }, differences);
  return differences;
}

/** Masks, and marks a secret that differs from the one of `other` while their masks do not. */
function maskBeside(config: DomainConfig, other: DomainConfig | null): DomainConfig {
  const known = new Map<SecretPath, string>();
  if (other !== null) mapDomainSecrets(other, (secret, path) => (known.set(path, secret), secret));
  return mapDomainSecrets(config, (secret, path) => {
    const former = known.get(path);
    const looksSame = former !== undefined && former !== secret && maskSecret(former) === maskSecret(secret);
    return looksSame ? `${maskSecret(secret)} (another)` : maskSecret(secret);
  });
}

interface Pair<T> {
  readonly path: string;
  readonly before: T;
  readonly after: T;
}
type Json = Readonly<Record<string, unknown>>;

function compare({ path, before, after }: Pair<unknown>, differences: DomainDifference[]): void {
  if (isDeepStrictEqual(before, after)) return;
  if (isRecord(before) && isRecord(after)) {
    compareRecords({ path, before, after }, differences);
  } else if (isListOfRecords(before) && isListOfRecords(after)) {
    compareLists({ path, before, after }, differences);
  } else {
    differences.push({
      path,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    });
  }
}

function compareRecords({ path, before, after }: Pair<Json>, differences: DomainDifference[]): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const inner = path === "" ? key : `${path}.${key}`;
    compare({ path: inner, before: before[key], after: after[key] }, differences);
  }
}

function compareLists({ path, before, after }: Pair<readonly Json[]>, differences: DomainDifference[]): void {
  const old = named(before);
  const next = named(after);
  for (const name of new Set([...old.keys(), ...next.keys()])) {
    compare({ path: `${path}[${name}]`, before: old.get(name), after: next.get(name) }, differences);
  }
  const kept = (names: Iterable<string>, others: ReadonlyMap<string, Json>): string =>
    [...names].filter((name) => others.has(name)).join(" ");
  const [orderBefore, orderAfter] = [kept(old.keys(), next), kept(next.keys(), old)];
  if (orderBefore !== orderAfter) differences.push({ path: `${path}[order]`, before: orderBefore, after: orderAfter });
}

/** Entries by what they are; entries that are the same thing are told apart by their number. */
function named(list: readonly Json[]): ReadonlyMap<string, Json> {
  const counts = new Map<string, number>();
  const entries = new Map<string, Json>();
  for (const item of list) {
    const name = nameOf(item);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    entries.set(count === 1 ? name : `${name},${count}`, item);
  }
  return entries;
}

function nameOf(item: Json): string {
  const condition = item["condition"];
  const priority = item["priority"] ?? (isRecord(condition) ? condition["priority"] : undefined);
  if (item["origin_addr"] !== undefined) return `origin_addr=${show(item["origin_addr"])}`;
  if (item["phase"] !== undefined) return `phase=${show(item["phase"])},priority=${show(priority)}`;
  if (priority !== undefined) return `priority=${show(priority)}`;
  const key = ["code", "error_code", "name"].find((candidate) => item[candidate] !== undefined) ?? "entry";
  return `${key}=${show(item[key]).toLowerCase()}`;
}

function show(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOfRecords(value: unknown): value is readonly Json[] {
  return Array.isArray(value) && value.every(isRecord);
}
