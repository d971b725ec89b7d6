/** What domains were: their versions, and what differs between two of them. Changes nothing. */
import type { DomainVersionResource, DomainVersionSummaryResource } from "../../sdk/api.ts";
import { diffDomains, type DomainDifference } from "../../sdk/domain-diff.ts";
import type { MasterKey } from "../keys/master-key.ts";
import type { Store } from "../store.ts";
import {
  openRow,
  requireDomain,
  requireDomainVersion,
  toVersionResource,
  toVersionSummary,
  type SecretDisplay,
} from "./domain-resources.ts";

export interface DomainHistoryOptions {
  readonly store: Store;
  readonly masterKey: MasterKey;
}

export class DomainHistory {
  readonly #options: DomainHistoryOptions;

  constructor(options: DomainHistoryOptions) {
    this.#options = options;
  }

  /** Newest first; the newest is what is served. @throws ControlError NOT_FOUND. */
  list(domain: string): Promise<readonly DomainVersionSummaryResource[]> {
    return this.#options.store.read(async (view) => {
      await requireDomain(view, domain);
      return (await view.domainVersions.list(domain)).map(toVersionSummary);
    });
  }

  /** @throws ControlError NOT_FOUND. */
  get(
    domain: string,
    { version, secrets }: { readonly version: number; readonly secrets: SecretDisplay },
  ): Promise<DomainVersionResource> {
    const { store, masterKey } = this.#options;
    return store.read(async (view) =>
      toVersionResource(openRow(masterKey, await requireDomainVersion(view, { domain, version })), secrets),
    );
  }

  /** From one version to another; `to` absent: to the present one. @throws ControlError NOT_FOUND. */
  diff(
    domain: string,
    { from, to }: { readonly from: number; readonly to?: number | undefined },
  ): Promise<readonly DomainDifference[]> {
    const { store, masterKey } = this.#options;
    return store.read(async (view) => {
      const present = await requireDomain(view, domain);
      const before = await requireDomainVersion(view, { domain, version: from });
      const after = to === undefined ? present : await requireDomainVersion(view, { domain, version: to });
      return diffDomains(openRow(masterKey, before), openRow(masterKey, after));
    });
  }
}
