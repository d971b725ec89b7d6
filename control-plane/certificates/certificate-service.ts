/**
 * TLS certificates: checked as one with their keys, kept with the key encrypted, every change one revision.
 *
 * Which certificate serves which host name is the nodes' decision. Invariant: no answer holds a key.
 */
import type { CertificateChange, CertificateResource } from "../../sdk/api.ts";
import type { NodeAck } from "../../sdk/desired-state.ts";
import { parseCertificate, refuseCertificateName } from "../../sdk/certificate.ts";
import { timestamp, type Clock } from "../clock.ts";
import { invalidInput, notFound, requireValid } from "../control-error.ts";
import { encryptCertificateKey } from "../keys/certificate-key.ts";
import type { MasterKey } from "../keys/master-key.ts";
import { requireRoom } from "../quotas/require-room.ts";
import { waitSecondsDefault, type RevisionService } from "../rollout/revision-service.ts";
import type { CertificateRow, Store, StoreView } from "../store.ts";

export interface CertificateServiceOptions {
  readonly store: Store;
  readonly revisions: RevisionService;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
}

export class CertificateService {
  readonly #options: CertificateServiceOptions;

  constructor(options: CertificateServiceOptions) {
    this.#options = options;
  }

  async list(): Promise<readonly CertificateResource[]> {
    return this.#options.store.read(async ({ certificates, nodes }) => {
      const rows = await certificates.list();
      const acks = await nodes.newestAcks();
      return rows.map((row) => toResource(row, acks));
    });
  }

  /** @throws ControlError NOT_FOUND. */
  get(name: string): Promise<CertificateResource> {
    return this.#options.store.read(async (view) => {
      const row = await requireCertificate(view, name);
      return toResource(row, await view.nodes.newestAcks());
    });
  }

  /** Stores it or replaces the one of this name. @throws ControlError INPUT_INVALID, LIMIT_REACHED. */
  async put(
    name: string,
    { input, waitSeconds }: { readonly input: unknown; readonly waitSeconds?: number | undefined },
  ): Promise<CertificateChange> {
    const { clock, masterKey, revisions } = this.#options;
    const refusal = refuseCertificateName(name);
    if (refusal !== null) throw invalidInput([{ path: "name", message: `allowed: ${refusal}` }]);
    const { facts, chain, key } = requireValid(parseCertificate(input, { now: clock.now() }));
    const encryptedKey = encryptCertificateKey(masterKey, { fingerprint: facts.fingerprint, key });
    const row: CertificateRow = { name, facts, chain, encryptedKey, updatedAt: timestamp(clock) };
    const { revision } = await revisions.change(async (tables) => {
      if ((await tables.certificates.get(name)) === null) await requireRoom(tables, "certificates");
      await tables.certificates.put(row);
    });
    const rollout = await revisions.waitFor(revision, waitSeconds ?? waitSecondsDefault);
    return { certificate: toResource(row, rollout.acks), revision, rollout };
  }

  /** @throws ControlError NOT_FOUND. */
  async delete(name: string): Promise<void> {
    await this.#options.revisions.change(async (tables) => {
      await requireCertificate(tables, name);
      await tables.certificates.delete(name);
    });
  }
}

async function requireCertificate(view: StoreView, name: string): Promise<CertificateRow> {
  const row = await view.certificates.get(name);
  if (row === null) throw notFound(`certificate "${name}"`);
  return row;
}

function toResource({ name, facts, updatedAt }: CertificateRow, acks: readonly NodeAck[]): CertificateResource {
  const refusals = acks.flatMap(({ node, revision, failures }) =>
    failures.flatMap((failure) =>
      "certificate" in failure && failure.certificate === name
        ? [{ node, revision, code: failure.code, message: failure.message }]
        : [],
    ),
  );
  return { name, ...facts, updatedAt, refusals };
}
