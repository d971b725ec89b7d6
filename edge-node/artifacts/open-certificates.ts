/**
 * The certificates of a desired state made ready to be served: keys opened with this node's token, chain and key checked as one and by the TLS
 * library itself.
 *
 * Knows nothing of fronts. Invariants: what is wrong with one certificate is told and leaves the others alone; of a certificate that cannot be
 * served the last one of its name that could goes on, until it is replaced or deleted. Expired ones are handed on, since whether they are served is
 * decided at each handshake.
 */
import { parseCertificate } from "../../sdk/certificate.ts";
import type { CertificateFailure, CertificateState } from "../../sdk/desired-state.ts";
import { formatProblems, type Parsed } from "../../sdk/problem.ts";
import { openSecrets } from "../../sdk/sealed-secret.ts";
import { secureContextOf, type ServingCertificate } from "../front/server-certificates.ts";
import type { Logger } from "../logger.ts";

export interface OpenedCertificates {
  readonly serving: readonly ServingCertificate[];
  readonly failures: readonly CertificateFailure[];
  /** What the state would have to say to be served as it is now: for the disk, so that a restart serves the same. */
  readonly kept: readonly CertificateState[];
}

interface Opened {
  readonly state: CertificateState;
  readonly certificate: ServingCertificate;
}

/** Throws when the TLS library does not take the certificate. */
export type TryCertificate = (certificate: ServingCertificate) => void;

export class CertificateOpener {
  readonly #token: string;
  readonly #logger: Logger;
  readonly #tryToServe: TryCertificate;
  /** Of the last state, by sealed key: nothing is opened twice. A text: why it is not. */
  #opened = new Map<string, Opened | string>();
  /** By name: the last one that could be served. */
  #lastGood = new Map<string, Opened>();

  constructor({
    token,
    logger,
    tryToServe = secureContextOf,
  }: {
    readonly token: string;
    readonly logger: Logger;
    readonly tryToServe?: TryCertificate;
  }) {
    this.#token = token;
    this.#logger = logger;
    this.#tryToServe = tryToServe;
  }

  open(certificates: readonly CertificateState[]): OpenedCertificates {
    const opened = new Map<string, Opened | string>();
    const lastGood = new Map<string, Opened>();
    const failures: CertificateFailure[] = [];
    for (const state of certificates) {
      const { name, chain, sealedKey } = state;
      const memo = `${name} ${sealedKey} ${chain}`;
      const result = this.#opened.get(memo) ?? this.#openOne(state);
      opened.set(memo, result);
      if (typeof result === "string")
        failures.push({ certificate: name, code: "CERTIFICATE_REFUSED", message: result });
      const serves = typeof result === "string" ? this.#lastGood.get(name) : result;
      if (serves !== undefined) lastGood.set(name, serves);
    }
    this.#opened = opened;
    this.#lastGood = lastGood;
    return {
      serving: [...lastGood.values()].map(({ certificate }) => certificate),
      failures,
      kept: certificates.map((state) => lastGood.get(state.name)?.state ?? state),
    };
  }

  #openOne(state: CertificateState): Opened | string {
    const parsed = readCertificate(state, this.#token);
    const reason = parsed.ok ? this.#refuses(parsed.value) : formatProblems(parsed.problems);
    if (parsed.ok && reason === null) return { state, certificate: parsed.value };
    this.#logger.error({ certificate: state.name, reason }, "certificate.not.opened");
    return reason ?? "";
  }

  #refuses(certificate: ServingCertificate): string | null {
    try {
      this.#tryToServe(certificate);
      return null;
    } catch (error) {
      return `certificate: refused by this node's TLS library: ${error instanceof Error ? error.message : String(error)}`;
    }
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
