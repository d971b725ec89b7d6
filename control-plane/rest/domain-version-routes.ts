/** Versions of domains: what was, what differs, and back. Reading is for publishers, changing for administrators. */
import type { FastifyInstance } from "fastify";
import type { DomainRollbackInput } from "../../sdk/api.ts";
import { access } from "./access.ts";
import { secretsQuery, sendChange, writeOf, type DomainRouteServices } from "./domain-routes.ts";
import { answers, pathParameters } from "./route-schema.ts";
import {
  domainChange,
  domainDiff,
  domainInput,
  domainRollbackInput,
  domainVersion,
  domainVersionSummary,
  version,
} from "./schemas/domain-schemas.ts";
import { list, object } from "./schemas/json-schema.ts";
import { secretDisplay } from "./secret-display.ts";

interface DomainPath {
  Params: { domain: string };
}

const params = pathParameters("domain");
const read = { access: access.publisher };

export function registerDomainVersionRoutes(
  app: FastifyInstance,
  { domains, domainHistory }: DomainRouteServices,
): void {
  app.get<DomainPath>(
    "/v1/domains/:domain/versions",
    {
      config: read,
      schema: {
        summary: "A domain's versions, newest first; the newest is served",
        params,
        response: answers(200, object({ versions: list(domainVersionSummary) })),
      },
    },
    async (request) => ({ versions: await domainHistory.list(request.params.domain) }),
  );
  app.get<{ Params: { domain: string; version: number }; Querystring: { secrets?: boolean } }>(
    "/v1/domains/:domain/versions/:version",
    {
      config: {
        ...read,
        audit: {
          action: "showDomainSecrets",
          resource: ["domain", ":domain", "version", ":version"],
          level: "warning",
          onlyIf: "secrets",
        },
      },
      schema: {
        summary: "One version of a domain",
        params: object({ domain: { type: "string", minLength: 1, maxLength: 256 }, version }),
        querystring: secretsQuery,
        response: answers(200, domainVersion),
      },
    },
    (request) => {
      const secrets = secretDisplay(request, request.query.secrets);
      return domainHistory.get(request.params.domain, { version: request.params.version, secrets });
    },
  );
  registerDiffRoutes(app, { domains, domainHistory });
  app.post<DomainPath & { Body: DomainRollbackInput }>(
    "/v1/domains/:domain/rollback",
    {
      config: {
        access: access.admin,
        audit: { action: "rollbackDomain", resource: ["domain", ":domain"], detail: ["version"] },
      },
      schema: {
        summary: "Make what a version was the newest version; without `version`: the one before the present",
        params,
        body: domainRollbackInput,
        response: answers(200, domainChange),
      },
    },
    async (request, reply) => {
      const { version: to, ...given } = request.body;
      return sendChange(reply, await domains.rollback(request.params.domain, { ...writeOf(request, given), to }));
    },
  );
}

function registerDiffRoutes(app: FastifyInstance, { domains, domainHistory }: DomainRouteServices): void {
  app.get<DomainPath & { Querystring: { from: number; to?: number } }>(
    "/v1/domains/:domain/diff",
    {
      config: read,
      schema: {
        summary: "What differs between two versions; without `to`: from that version to what is served",
        params,
        querystring: object({ from: version, to: version }, { optional: ["to"] }),
        response: answers(200, domainDiff),
      },
    },
    async (request) => ({ differences: await domainHistory.diff(request.params.domain, request.query) }),
  );
  app.post<DomainPath>(
    "/v1/domains/:domain/diff",
    {
      config: read,
      schema: {
        summary: "What putting this document would change; checked like a PUT, and nothing is changed",
        params,
        body: domainInput,
        response: answers(200, domainDiff),
      },
    },
    async (request) => ({ differences: await domains.diff(request.params.domain, request.body) }),
  );
}
