/**
 * A TLS certificate with its key as an operator gives it: PEM text checked as one thing.
 *
 * It knows no store and no connection. Invariants: what parses here can be served (the key fits, the chain leads from the certificate to
 * its issuers, nothing in it has expired, the key is strong enough and of a kind that browsers take); no problem quotes a key.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { FieldReader, parsedUnless } from "./field-reader.ts";
import { isDomainPattern } from "./host-name.ts";
import { certificateLimits } from "./cdn-limits.ts";
import type { Parsed, Problem } from "./problem.ts";

/** What a certificate says; nothing in it is secret. */
export interface CertificateFacts {
  /** Host names and `*.` patterns it is for (subjectAltName), lower case. Not empty. */
  readonly domains: readonly string[];
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** SHA-256 of the certificate, 64 lower-case hexadecimal digits. */
  readonly fingerprint: string;
  /** For example `rsa-2048` or `ec-prime256v1`. */
  readonly keyType: string;
  /** Common name of who issued it, "" when it has none. */
  readonly issuer: string;
}

export interface ParsedCertificate {
  readonly facts: CertificateFacts;
  /** PEM: the certificate itself first, each one issued by the next. */
  readonly chain: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const RSA_BITS_MIN = 2_048;
const RSA_BITS_MAX = 8_192;
const curves = ["prime256v1", "secp384r1", "secp521r1"];

/** Why `name` cannot be a certificate's name, completing "allowed: …"; null: it can. */
export function refuseCertificateName(name: string): string | null {
  return NAME.test(name) ? null : 'letters, digits, ".", "_", "-", at most 63 characters, first a letter or digit';
}

/** `{certificate, key}` as a certificate that can be served at `now` (milliseconds since the epoch) or later. */
export function parseCertificate(input: unknown, { now }: { readonly now: number }): Parsed<ParsedCertificate> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const chainText = readPem(fields, { name: "certificate", charsMax: certificateLimits.chainCharsMax });
  const keyText = readPem(fields, { name: "key", charsMax: certificateLimits.keyCharsMax });
  fields.finish();
  const chain = chainText === null ? null : readChain(chainText, problems);
  const key = keyText === null ? null : readKey(keyText, problems);
  const [leaf] = chain ?? [];
  if (chain === null || leaf === undefined) return parsedUnless(problems, EMPTY);
  checkChain(chain, { now, problems });
  const domains = domainsOf(leaf);
  if (domains.length === 0) {
    problems.push({ path: "certificate", message: "names no host name in its subjectAltName, allowed: at least one" });
  }
  if (domains.length > certificateLimits.domainsMax) {
    const received = `names ${String(domains.length)} host names`;
    problems.push({ path: "certificate", message: `${received}, allowed: at most ${certificateLimits.domainsMax}` });
  }
  if (key !== null && !leaf.checkPrivateKey(key)) {
    problems.push({ path: "key", message: "does not belong to the certificate, allowed: its own private key" });
  }
  const pem = key?.export({ type: "pkcs8", format: "pem" }).toString() ?? "";
  const text = chain.map((certificate) => certificate.toString()).join("");
  return parsedUnless(problems, { facts: { ...factsOf(leaf), domains }, chain: text, key: pem });
}

const EMPTY: ParsedCertificate = {
  facts: { domains: [], notBefore: "", notAfter: "", fingerprint: "", keyType: "", issuer: "" },
  chain: "",
  key: "",
};

/** Not by FieldReader's own way: it would show the beginning of what it refuses. */
function readPem(
  fields: FieldReader,
  { name, charsMax }: { readonly name: "certificate" | "key"; readonly charsMax: number },
): string | null {
  const value = fields.raw(name);
  if (typeof value === "string" && value.length <= charsMax) return value;
  const received = typeof value === "string" ? `received ${String(value.length)} characters` : "is required";
  fields.report(name, `${received}, allowed: PEM text of at most ${String(charsMax)} characters`);
  return null;
}

function readChain(text: string, problems: Problem[]): readonly X509Certificate[] | null {
  const refuse = (message: string): null => {
    problems.push({ path: "certificate", message });
    return null;
  };
  if (text.includes("PRIVATE KEY-----")) return refuse("holds a private key, allowed: certificates; the key is apart");
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) return refuse("holds no certificate, allowed: PEM (-----BEGIN CERTIFICATE-----)");
  if (blocks.length > certificateLimits.chainMax) {
    return refuse(`holds ${String(blocks.length)} certificates, allowed: at most ${certificateLimits.chainMax}`);
  }
  const chain: X509Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      chain.push(new X509Certificate(block));
    } catch {
      return refuse(`${place(index)} cannot be read, allowed: an X.509 certificate in PEM`);
    }
  }
  return chain;
}

function readKey(text: string, problems: Problem[]): KeyObject | null {
  const refuse = (message: string): null => {
    problems.push({ path: "key", message });
    return null;
  };
  if (text.includes("ENCRYPTED")) return refuse("is encrypted, allowed: a key without a passphrase");
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, format: "pem" });
  } catch {
    return refuse("cannot be read, allowed: a private key in PEM (PKCS #8, PKCS #1 or SEC 1)");
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const bits = details?.modulusLength ?? 0;
  if (type === "rsa" && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX) return key;
  if (type === "ec" && curves.includes(details?.namedCurve ?? "")) return key;
  const received = type === "rsa" ? `RSA of ${String(bits)} bits` : (details?.namedCurve ?? type ?? "unknown");
  const allowed = `RSA of ${String(RSA_BITS_MIN)}..${String(RSA_BITS_MAX)} bits, or EC on ${curves.join(", ")}`;
  return refuse(`received ${received}, allowed: ${allowed}`);
}

function checkChain(
  chain: readonly X509Certificate[],
  { now, problems }: { readonly now: number; readonly problems: Problem[] },
): void {
  const report = (message: string): void => void problems.push({ path: "certificate", message });
  for (const [index, certificate] of chain.entries()) {
    const until = certificate.validToDate;
    if (until.getTime() <= now) report(`${place(index)} expired at ${until.toISOString()}`);
    const issuer = chain[index + 1];
    if (issuer === undefined) continue;
    const isIssued = certificate.checkIssued(issuer) && issuer.ca && certificate.verify(issuer.publicKey);
    if (isIssued) continue;
    report(`${place(index)} was not issued by the one behind it, allowed: the certificate first, then its issuers`);
  }
}

function place(index: number): string {
  return index === 0 ? "the certificate" : `certificate ${String(index + 1)} of the chain`;
}

function factsOf(leaf: X509Certificate): Omit<CertificateFacts, "domains"> {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = leaf.publicKey;
  return {
    notBefore: leaf.validFromDate.toISOString(),
    notAfter: leaf.validToDate.toISOString(),
    fingerprint: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
    keyType: `${type ?? "unknown"}-${String(details?.modulusLength ?? details?.namedCurve ?? "")}`,
    issuer: /^CN=(.*)$/m.exec(leaf.issuer)?.[1]?.slice(0, certificateLimits.issuerCharsMax) ?? "",
  };
}

/** Names that are no host names (addresses, partial wildcards) match no server name and are left out. */
function domainsOf(leaf: X509Certificate): readonly string[] {
  const names: string[] = [];
  for (const [, value = ""] of (leaf.subjectAltName ?? "").matchAll(/(?:^|, )DNS:("(?:[^"\\]|\\.)*"|[^,]*)/g)) {
    const name = value.toLowerCase();
    if (isDomainPattern(name)) names.push(name);
  }
  return [...new Set(names)];
}
