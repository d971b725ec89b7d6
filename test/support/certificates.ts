/** Reads the certificates of `certificates/` (README.md there says what each is). */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "certificates");

export type CertificateName =
  "ca" | "intermediate" | "www" | "renewed" | "expired" | "wildcard" | "rsa" | "weak" | "origin" | "stranger";

/** The chain in PEM. */
export function chainOf(name: CertificateName): string {
  return readFileSync(join(folder, `${name}.pem`), "utf8");
}

/** The private key in PEM. */
export function keyOf(name: CertificateName): string {
  return readFileSync(join(folder, `${name}-key.pem`), "utf8");
}

/** Both, as REST and parser take them; `key` of another certificate when named. */
export function certificateOf(
  name: CertificateName,
  key: CertificateName = name,
): { readonly certificate: string; readonly key: string } {
  return { certificate: chainOf(name), key: keyOf(key) };
}
