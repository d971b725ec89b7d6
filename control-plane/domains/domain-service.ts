/**
 * Domains: one document each of configuration and rules; every change is one new version and one revision.
 *
 * Invariants: what is stored parses and its rules lead to hooks that exist; a version never changes; a change that expects a version is made
 * only at that version; a change that changes nothing makes neither version nor revision.
 */
import type { DomainChange, DomainResource } from "../../sdk/api.ts";
import { diffDomains, type DomainDifference } from "../../sdk/domain-diff.ts";
import { parseDomainInput, toDomainInput, type DomainDocument } from "../../sdk/domain-document.ts";
import { unmaskInput } from "../../sdk/domain-secrets.ts";
import { parseRules } from "../../sdk/rule-parser.ts";
import { timestamp, type Clock } from "../clock.ts";
import { conflict, ControlError, invalidInput, requireValid } from "../control-error.ts";
import { encryptDomainSecrets } from "../keys/domain-secrets-at-rest.ts";
import type { MasterKey } from "../keys/master-key.ts";
import { requireRoom } from "../quotas/require-room.ts";
import { Unchanged, waitSecondsDefault, type RevisionService } from "../rollout/revision-service.ts";
import type { DomainRow, Store, StoreTables, StoreView } from "../store.ts";
import {
  openRow,
  requireDomain,
  requireDomainVersion,
  toResource,
  type OpenDomain,
  type SecretDisplay,
} from "./domain-resources.ts";
import { checkReferences } from "./rule-references.ts";

export interface DomainServiceOptions {
  readonly store: Store;
  readonly revisions: RevisionService;
  readonly clock: Clock;
  readonly masterKey: MasterKey;
}

/** `any`: the domain exists; `none`: it does not; a number: it is at this version. */
export type ExpectedVersion = number | "any" | "none";

/** How a change is to be made. */
export interface DomainWrite {
  /** Id of the token that asks. */
  readonly tokenId: string;
  readonly comment?: string | undefined;
  readonly expected?: ExpectedVersion | undefined;
  /** Everything is checked and answered, nothing is changed. */
  readonly dryRun?: boolean | undefined;
  readonly waitSeconds?: number | undefined;
}

interface Outcome {
  readonly domain: OpenDomain;
  readonly changes: readonly DomainDifference[];
}

export class DomainService {
  readonly #options: DomainServiceOptions;

  constructor(options: DomainServiceOptions) {
    this.#options = options;
  }

  /** With masked secrets. */
  async list(): Promise<readonly DomainResource[]> {
    const rows = await this.#options.store.read(({ domains }) => domains.list());
    return rows.map((row) => toResource(openRow(this.#options.masterKey, row), "masked"));
  }

  /** @throws ControlError NOT_FOUND. */
  get(domain: string, secrets: SecretDisplay): Promise<DomainResource> {
    return this.#options.store.read(async (view) =>
      toResource(openRow(this.#options.masterKey, await requireDomain(view, domain)), secrets),
    );
  }

  /**
   * Creates the domain or replaces its configuration, and its rules where `input` has them. Masked secrets keep the stored ones.
   * @throws ControlError INPUT_INVALID, LIMIT_REACHED, PRECONDITION_FAILED.
   */
  put(domain: string, { input, ...write }: DomainWrite & { readonly input: unknown }): Promise<DomainChange> {
    return this.#change(domain, {
      ...write,
      make: (tables, present) => nextDocument(tables, { domain, input, present }),
    });
  }

  /** What `put` would change, in the words of its answer. @throws like `put`. */
  async diff(domain: string, input: unknown): Promise<readonly DomainDifference[]> {
    return this.#options.store.read(async (view) => {
      const row = await view.domains.get(domain);
      const present = row === null ? null : openRow(this.#options.masterKey, row);
      return diffDomains(present, await nextDocument(view, { domain, input, present }));
    });
  }

  /** Replaces all rules at once. @throws ControlError INPUT_INVALID, NOT_FOUND, PRECONDITION_FAILED. */
  putRules(domain: string, { input, ...write }: DomainWrite & { readonly input: unknown }): Promise<DomainChange> {
    const rules = requireValid(parseRules(input));
    return this.#change(domain, {
      ...write,
      make: async (tables) => {
        const { config } = openRow(this.#options.masterKey, await requireDomain(tables, domain));
        await requireReferences(tables, rules);
        return { config, rules };
      },
    });
  }

  /**
   * Makes what `to` was (default: the version before the present one) the newest version.
   * @throws ControlError NOT_FOUND, CONFLICT when it cannot be served any more, PRECONDITION_FAILED.
   */
  rollback(
    domain: string,
    { to, ...write }: DomainWrite & { readonly to?: number | undefined },
  ): Promise<DomainChange> {
    const { masterKey } = this.#options;
    return this.#change(domain, {
      ...write,
      make: async (tables, present) => {
        const { version: current } = present ?? (await requireDomain(tables, domain));
        const version = to ?? current - 1;
        const row = openRow(masterKey, await requireDomainVersion(tables, { domain, version }));
        return recheck(tables, { domain, version, document: row });
      },
      comment: (present) => write.comment ?? `back to version ${String(to ?? (present?.version ?? 1) - 1)}`,
    });
  }

  /** With its rules and versions. @throws ControlError NOT_FOUND, PRECONDITION_FAILED. */
  async delete(domain: string, expected?: ExpectedVersion): Promise<void> {
    await this.#options.revisions.change(async (tables) => {
      requireExpected(await requireDomain(tables, domain), { domain, expected });
      await tables.domains.delete(domain);
    });
  }

  async #change(domain: string, change: Change): Promise<DomainChange> {
    const { revisions, masterKey, clock } = this.#options;
    const { dryRun = false } = change;
    const { value, revision } = await revisions.change(async (tables): Promise<Outcome | Unchanged<Outcome>> => {
      const row = await tables.domains.get(domain);
      requireExpected(row, { domain, expected: change.expected });
      const present = row === null ? null : openRow(masterKey, row);
      const document = await change.make(tables, present);
      const changes = diffDomains(present, document);
      if (present !== null && changes.length === 0) return new Unchanged({ domain: present, changes });
      if (present === null) await requireRoom(tables, "domains");
      const next = { ...document, version: (present?.version ?? 0) + 1, updatedAt: timestamp(clock) };
      if (dryRun) return new Unchanged({ domain: next, changes });
      await this.#write(tables, { next, tokenId: change.tokenId, comment: commentOf(change, present) });
      return { domain: next, changes };
    });
    const rollout = await revisions.waitFor(revision, dryRun ? 0 : (change.waitSeconds ?? waitSecondsDefault));
    const { domain: changed, changes } = value;
    return { domain: toResource(changed, "masked"), changes, dryRun, revision, rollout };
  }

  async #write(
    tables: StoreTables,
    { next, tokenId, comment }: { readonly next: OpenDomain; readonly tokenId: string; readonly comment: string },
  ): Promise<void> {
    const { version, rules, updatedAt } = next;
    const { domain } = next.config;
    const config = encryptDomainSecrets(this.#options.masterKey, next.config);
    await tables.domains.put({ config, rules, updatedAt, version });
    const author = { tokenId, name: (await tables.tokens.get(tokenId))?.name ?? "" };
    await tables.domainVersions.insert({ domain, version, createdAt: updatedAt, author, comment, config, rules });
  }
}

interface Change extends Omit<DomainWrite, "comment"> {
  readonly comment?: string | undefined | ((present: OpenDomain | null) => string);
  readonly make: (tables: StoreTables, present: OpenDomain | null) => Promise<DomainDocument>;
}

function commentOf({ comment = "" }: Change, present: OpenDomain | null): string {
  return typeof comment === "string" ? comment : comment(present);
}

/** The document that `input` makes of what is present. @throws ControlError INPUT_INVALID. */
async function nextDocument(
  view: StoreView,
  { domain, input, present }: { readonly domain: string; readonly input: unknown; readonly present: OpenDomain | null },
): Promise<DomainDocument> {
  const { config, rules } = requireValid(parseDomainInput(unmaskInput(input, present?.config ?? null), domain));
  if (rules !== null) await requireReferences(view, rules);
  return { config, rules: rules ?? present?.rules ?? [] };
}

/** An old document may not be valid any more: limits change, functions and versions go. */
async function recheck(
  view: StoreView,
  {
    domain,
    version,
    document,
  }: { readonly domain: string; readonly version: number; readonly document: DomainDocument },
): Promise<DomainDocument> {
  const parsed = parseDomainInput(toDomainInput({ config: document.config, rules: document.rules }), domain);
  const problems = parsed.ok ? await checkReferences(view, document.rules) : parsed.problems;
  if (!parsed.ok || problems.length > 0) {
    throw conflict(`Version ${String(version)} of domain "${domain}" cannot be served any more.`, problems);
  }
  return { config: parsed.value.config, rules: parsed.value.rules ?? [] };
}

async function requireReferences(view: StoreView, rules: DomainDocument["rules"]): Promise<void> {
  const problems = await checkReferences(view, rules);
  if (problems.length > 0) throw invalidInput(problems);
}

function requireExpected(
  row: DomainRow | null,
  { domain, expected }: { readonly domain: string; readonly expected: ExpectedVersion | undefined },
): void {
  if (expected === undefined) return;
  const isMet = expected === "none" ? row === null : row !== null && (expected === "any" || row.version === expected);
  if (isMet) return;
  const found = row === null ? "does not exist" : `is at version ${String(row.version)}`;
  const wanted = { none: "none", any: "any" }[String(expected)] ?? `version ${String(expected)}`;
  throw new ControlError("PRECONDITION_FAILED", {
    message: `The domain "${domain}" ${found}, expected was ${wanted}: look at what changed and try again.`,
  });
}
