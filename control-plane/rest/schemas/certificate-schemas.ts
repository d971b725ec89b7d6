/** Certificates in JSON Schema; the types are in sdk/api.ts. */
import { digest, integer, list, object, text, time, type JsonSchema } from "./json-schema.ts";
import { revisionResource } from "./node-schemas.ts";

/** What is in both is checked by `parseCertificate`, which never repeats what it refuses. */
export const certificateInput: JsonSchema = {
  type: "object",
  description:
    "`certificate`: PEM, the certificate itself first, then its issuers. `key`: its private key in PEM, without a passphrase.",
};

export const certificateResource: JsonSchema = object({
  name: text(),
  domains: list(text()),
  notBefore: time,
  notAfter: time,
  fingerprint: digest,
  keyType: text(),
  issuer: text(),
  updatedAt: time,
  refusals: list(object({ node: text(), revision: integer({ min: 0 }), code: text(), message: text() })),
});

export const certificateChange: JsonSchema = object({
  certificate: certificateResource,
  revision: integer({ min: 0 }),
  rollout: revisionResource,
});
