/** Domains with their configuration and rules; every change is one revision. */
import type { DomainChange, DomainResource, RuleResource } from "../../sdk/api.ts";
import { parseDomain } from "../../sdk/domain-parser.ts";
import { storeLimits } from "../../sdk/limits.ts";
import { parseRules } from "../../sdk/rule-parser.ts";
import type { Rule } from "../../sdk/rule.ts";
import { timestamp, type Clock } from "../clock.ts";
import { ControlError, invalidInput, notFound, requireValid } from "../control-error.ts";
import { waitSecondsDefault, type RevisionService } from "../rollout/revision-service.ts";
import type { DomainRow, Store, StoreTables, StoreView } from "../store.ts";
import { checkReferences } from "./rule-references.ts";

export interface DomainServiceOptions {
  readonly store: Store;
  readonly revisions: RevisionService;
  readonly clock: Clock;
}

interface Wait {
  readonly waitSeconds?: number | undefined;
}

export class DomainService {
  readonly #options: DomainServiceOptions;

  constructor(options: DomainServiceOptions) {
    this.#options = options;
  }

  async list(): Promise<readonly DomainResource[]> {
    return (await this.#options.store.read(({ domains }) => domains.list())).map(toResource);
  }

  /** @throws ControlError NOT_FOUND. */
  get(domain: string): Promise<DomainResource> {
    return this.#options.store.read(async (view) => toResource(await requireDomain(view, domain)));
  }

  /** Creates the domain or replaces its configuration; its rules stay. @throws ControlError INPUT_INVALID, LIMIT_REACHED. */
  putConfig(domain: string, { input, waitSeconds }: Wait & { readonly input: unknown }): Promise<DomainChange> {
    const config = requireValid(parseDomain(input, domain));
    return this.#change(waitSeconds, async (tables) => {
      const present = await tables.domains.get(domain);
      if (present === null && (await tables.domains.count()) >= storeLimits.domainsMax) {
        const message = `There are ${String(storeLimits.domainsMax)} domains, no more are allowed.`;
        throw new ControlError("LIMIT_REACHED", { message });
      }
      return { config, rules: present?.rules ?? [], updatedAt: timestamp(this.#options.clock) };
    });
  }

  /** Replaces all rules at once. @throws ControlError INPUT_INVALID, NOT_FOUND. */
  putRules(domain: string, { input, waitSeconds }: Wait & { readonly input: unknown }): Promise<DomainChange> {
    const rules = requireValid(parseRules(input));
    return this.#change(waitSeconds, async (tables) => {
      const { config } = await requireDomain(tables, domain);
      const problems = await checkReferences(tables, rules);
      if (problems.length > 0) throw invalidInput(problems);
      return { config, rules, updatedAt: timestamp(this.#options.clock) };
    });
  }

  /** With its rules. @throws ControlError NOT_FOUND. */
  async delete(domain: string): Promise<void> {
    await this.#options.revisions.change(async (tables) => {
      await requireDomain(tables, domain);
      await tables.domains.delete(domain);
    });
  }

  async #change(
    waitSeconds: number | undefined,
    work: (tables: StoreTables) => Promise<DomainRow>,
  ): Promise<DomainChange> {
    const { revisions } = this.#options;
    const { value, revision } = await revisions.change(async (tables) => {
      const row = await work(tables);
      await tables.domains.put(row);
      return row;
    });
    const rollout = await revisions.waitFor(revision, waitSeconds ?? waitSecondsDefault);
    return { domain: toResource(value), revision, rollout };
  }
}

async function requireDomain(view: StoreView, domain: string): Promise<DomainRow> {
  const row = await view.domains.get(domain);
  if (row === null) throw notFound(`domain "${domain}"`);
  return row;
}

function toResource({ config, rules, updatedAt }: DomainRow): DomainResource {
  return { config, rules: rules.map(toRuleResource), updatedAt };
}

export function toRuleResource(rule: Rule): RuleResource {
  return { ...rule, floating: rule.version === "latest" };
}
