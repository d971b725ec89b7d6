/**
 * The newest desired state, read from the store once per revision however many nodes ask for it.
 *
 * Invariant: a state is never older than the last revision announced by `invalidate` before it was asked for.
 */
import { sealSecrets } from "../../sdk/sealed-secret.ts";
import type { DesiredState } from "../../sdk/desired-state.ts";
import { decryptCertificateKey } from "../keys/certificate-key.ts";
import { sealDomainSecret } from "../../sdk/domain-secrets.ts";
import { decryptDomainSecret } from "../keys/domain-secrets-at-rest.ts";
import type { MasterKey } from "../keys/master-key.ts";
import { decryptSecrets } from "../keys/secrets-at-rest.ts";
import type { CertificateRow, Store, VersionRow } from "../store.ts";
import { buildDesiredState, type StateRows } from "./desired-state.ts";
import { listRoutedVersions } from "./routed-versions.ts";

export interface StateSourceOptions {
  readonly store: Store;
  readonly masterKey: MasterKey;
  readonly publicKey: string;
}

export class StateSource {
  readonly #options: StateSourceOptions;
  #rows: Promise<StateRows> | null = null;
  #newestRevision = 0;

  constructor(options: StateSourceOptions) {
    this.#options = options;
  }

  /** The largest revision that was announced. */
  get newestRevision(): number {
    return this.#newestRevision;
  }

  /** The stored state has changed: it is at `revision` or later. */
  invalidate(revision: number): void {
    this.#newestRevision = Math.max(this.#newestRevision, revision);
    this.#rows = null;
  }

  /** A loader for one connection: secrets and keys are sealed under `nodeToken`, once per version, certificate or secret of a domain. */
  forNode(nodeToken: string): () => Promise<DesiredState> {
    let sealed: ReadonlyMap<string, string> = new Map();
    return async () => {
      const rows = await this.#load();
      const next = new Map<string, string>();
      const once = (name: string, make: () => string): string => {
        const text = sealed.get(name) ?? make();
        next.set(name, text);
        return text;
      };
      const seal = (name: string, open: () => Readonly<Record<string, string>>): string =>
        once(name, () => sealSecrets(open(), nodeToken));
      const { masterKey } = this.#options;
      const state = buildDesiredState(rows, {
        secretsOf: (version) =>
          version.encryptedSecrets === null ? null : seal(version.digest, () => this.#secrets(version)),
        keyOf: (row) => seal(`certificate ${row.facts.fingerprint}`, () => ({ key: this.#key(row) })),
        domainSecretOf: (domain, secret) =>
          once(secret, () => sealDomainSecret(decryptDomainSecret(masterKey, { domain, secret }), nodeToken)),
      });
      sealed = next;
      return state;
    };
  }

  #load(): Promise<StateRows> {
    if (this.#rows !== null) return this.#rows;
    const rows = this.#read();
    this.#rows = rows;
    rows.catch(() => {
      // The callers see the failure; the next one tries again.
      if (this.#rows === rows) this.#rows = null;
    });
    return rows;
  }

  #read(): Promise<StateRows> {
    const { store, publicKey } = this.#options;
    return store.read(async ({ revisions, functions, versions, aliases, domains, certificates, reserved }) => ({
      revision: (await revisions.current()).revision,
      publicKey,
      functions: await functions.list(),
      versions: await listRoutedVersions(versions),
      aliases: await aliases.listAll(),
      domains: await domains.list(),
      certificates: await certificates.list(),
      reserved: await reserved.listAll(),
    }));
  }

  #secrets({ function: functionName, encryptedSecrets: encrypted }: VersionRow): Readonly<Record<string, string>> {
    return decryptSecrets(this.#options.masterKey, { functionName, encrypted });
  }

  #key({ encryptedKey, facts: { fingerprint } }: CertificateRow): string {
    return decryptCertificateKey(this.#options.masterKey, { fingerprint, encryptedKey });
  }
}
