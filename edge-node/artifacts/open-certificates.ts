/**
 * The certificates of a desired state made ready to be served: keys opened with this node's token, chain and key checked as one.
 *
 * Knows nothing of fronts. Invariant: what is wrong with one certificate is logged and leaves the others alone; expired ones are handed on, since
 * whether they are served is decided at each handshake.
 */
import { parseCertificate } from "../../sdk/certificate.ts";
import type { CertificateState } from "../../sdk/desired-state.ts";
import { formatProblems, type Parsed } from "../../sdk/problem.ts";
import { openSecrets } from "../../sdk/sealed-secret.ts";
import type { ServingCertificate } from "../front/server-certificates.ts";
import type { Logger } from "../logger.ts";

export class CertificateOpener {
  readonly #token: string;
  readonly #logger: Logger;
  /** Of the last state, by sealed key: nothing is opened twice. */
  #opened = new Map<string, ServingCertificate | null>();

  constructor({ token, logger }: { readonly token: string; readonly logger: Logger }) {
    this.#token = token;
    this.#logger = logger;
  }

  open(certificates: readonly CertificateState[]): readonly ServingCertificate[] {
    const opened = new Map<string, ServingCertificate | null>();
    for (const certificate of certificates) {
      const { name, sealedKey } = certificate;
      const memo = `${name} ${sealedKey}`;
      const known = this.#opened.get(memo);
      opened.set(memo, known === undefined ? this.#openOne(certificate) : known);
    }
    this.#opened = opened;
    return [...opened.values()].filter((certificate) => certificate !== null);
  }

  #openOne(certificate: CertificateState): ServingCertificate | null {
    const parsed = readCertificate(certificate, this.#token);
    if (parsed.ok) return parsed.value;
    this.#logger.error(
      { certificate: certificate.name, reason: formatProblems(parsed.problems) },
      "certificate.not.opened",
    );
    return null;
  }
}

function readCertificate({ name, chain, sealedKey }: CertificateState, token: string): Parsed<ServingCertificate> {
  const secrets = openSecrets(sealedKey, token);
  if (!secrets.ok) return secrets;
  // At the beginning of time nothing has expired.
  const parsed = parseCertificate({ certificate: chain, key: secrets.value["key"] }, { now: 0 });
  if (!parsed.ok) return parsed;
  const { facts, key } = parsed.value;
  const { domains, fingerprint } = facts;
  const notBefore = Date.parse(facts.notBefore);
  const notAfter = Date.parse(facts.notAfter);
  return { ok: true, value: { name, domains, fingerprint, notBefore, notAfter, chain: parsed.value.chain, key } };
}
