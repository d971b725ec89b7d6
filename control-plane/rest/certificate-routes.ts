/** `/v1/certificates`. Reading is for publishers, changing for administrators; keys go in and never out. */
import type { FastifyInstance } from "fastify";
import type { CertificateService } from "../certificates/certificate-service.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import { certificateChange, certificateInput, certificateResource } from "./schemas/certificate-schemas.ts";
import { waitSeconds } from "./schemas/function-schemas.ts";
import { list, object } from "./schemas/json-schema.ts";

interface CertificatePath {
  Params: { name: string };
}

export function registerCertificateRoutes(app: FastifyInstance, certificates: CertificateService): void {
  const params = pathParameters("name");
  const read = { access: access.publisher };
  const write = { access: access.admin };
  app.get(
    "/v1/certificates",
    {
      config: read,
      schema: {
        summary: "All TLS certificates, without their keys",
        response: answers(200, object({ certificates: list(certificateResource) })),
      },
    },
    async () => ({ certificates: await certificates.list() }),
  );
  app.get<CertificatePath>(
    "/v1/certificates/:name",
    { config: read, schema: { summary: "One certificate", params, response: answers(200, certificateResource) } },
    (request) => certificates.get(request.params.name),
  );
  app.put<CertificatePath & { Querystring: { waitSeconds?: number } }>(
    "/v1/certificates/:name",
    {
      config: {
        ...write,
        audit: { action: "updateCertificate", resource: ["certificate", ":name"], level: "warning" },
      },
      schema: {
        summary: "Store a certificate with its key, or replace the one of this name; connections go on",
        params,
        querystring: object({ waitSeconds }, { optional: ["waitSeconds"] }),
        body: certificateInput,
        response: answers(200, certificateChange),
      },
    },
    ({ params: { name }, body, query }) => certificates.put(name, { input: body, waitSeconds: query.waitSeconds }),
  );
  app.delete<CertificatePath>(
    "/v1/certificates/:name",
    {
      config: {
        ...write,
        audit: { action: "deleteCertificate", resource: ["certificate", ":name"], level: "warning" },
      },
      schema: { summary: "Delete a certificate with its key", params, response: noContent },
    },
    async (request, reply) => {
      await certificates.delete(request.params.name);
      return reply.code(204).send();
    },
  );
}
