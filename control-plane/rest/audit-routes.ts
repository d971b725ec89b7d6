/** `/v1/audit`: who changed what, for administrators. */
import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { AuditFilter } from "../../sdk/audit.ts";
import type { AuditService } from "../audit/audit-service.ts";
import { access } from "./access.ts";
import { answers } from "./route-schema.ts";
import { auditFilter, auditPage, auditQuery } from "./schemas/audit-schemas.ts";

export function registerAuditRoutes(app: FastifyInstance, audit: AuditService): void {
  const config = { access: access.admin };
  app.get<{ Querystring: AuditFilter & { before?: number; limit: number } }>(
    "/v1/audit",
    {
      config,
      schema: { summary: "Audit records, newest first", querystring: auditQuery, response: answers(200, auditPage) },
    },
    ({ query: { before = null, limit, ...filter } }) => audit.page(filter, { before, limit }),
  );
  app.get<{ Querystring: AuditFilter }>(
    "/v1/audit/export",
    {
      config,
      schema: {
        summary: "All audit records that match, as CSV; a field that a spreadsheet would run begins with an apostrophe",
        querystring: auditFilter,
        response: answers(200, { type: "string" }),
      },
    },
    (request, reply) =>
      reply
        .header("content-type", "text/csv; charset=utf-8")
        .header("content-disposition", 'attachment; filename="audit.csv"')
        .header("cache-control", "no-store")
        .send(Readable.from(audit.csv(request.query))),
  );
}
