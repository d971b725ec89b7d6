/** `/v1/domains` and their rules. Reading is for publishers, changing for administrators. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { DomainChange } from "../../sdk/api.ts";
import type { DomainHistory } from "../domains/domain-history.ts";
import type { DomainService, DomainWrite } from "../domains/domain-service.ts";
import { access } from "./access.ts";
import { expectedVersion, versionTag } from "./expected-version.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import {
  comment,
  domainChange,
  domainInput,
  domainResource,
  ruleResource,
  rulesInput,
} from "./schemas/domain-schemas.ts";
import { waitSeconds } from "./schemas/function-schemas.ts";
import { boolean, list, object, type JsonSchema } from "./schemas/json-schema.ts";
import { secretDisplay } from "./secret-display.ts";

export interface DomainRouteServices {
  readonly domains: DomainService;
  readonly domainHistory: DomainHistory;
}

interface DomainPath {
  Params: { domain: string };
}

interface WriteQuery {
  comment?: string;
  dryRun?: boolean;
  waitSeconds?: number;
}

const params = pathParameters("domain");
const read = { access: access.publisher };
const write = { access: access.admin };
export const writeQuery: JsonSchema = object(
  { comment, dryRun: boolean, waitSeconds },
  { optional: ["comment", "dryRun", "waitSeconds"] },
);
export const secretsQuery: JsonSchema = object({ secrets: boolean }, { optional: ["secrets"] });

/** What a request says about how to change. */
export function writeOf(request: FastifyRequest, given: WriteQuery): DomainWrite {
  return { ...given, tokenId: request.caller?.tokenId ?? "", expected: expectedVersion(request) };
}

/** The change, with the new version as its tag. */
export function sendChange(reply: FastifyReply, change: DomainChange): DomainChange {
  if (!change.dryRun) void reply.header("etag", versionTag(change.domain.version));
  return change;
}

export function registerDomainRoutes(app: FastifyInstance, { domains }: DomainRouteServices): void {
  app.get(
    "/v1/domains",
    {
      config: read,
      schema: { summary: "All domains", response: answers(200, object({ domains: list(domainResource) })) },
    },
    async () => ({ domains: await domains.list() }),
  );
  app.get<DomainPath & { Querystring: { secrets?: boolean } }>(
    "/v1/domains/:domain",
    {
      config: {
        ...read,
        audit: { action: "showDomainSecrets", resource: ["domain", ":domain"], level: "warning", onlyIf: "secrets" },
      },
      schema: {
        summary: "One domain; secrets=true shows its secrets to administrators",
        params,
        querystring: secretsQuery,
        response: answers(200, domainResource),
      },
    },
    async (request, reply) => {
      const domain = await domains.get(request.params.domain, secretDisplay(request, request.query.secrets));
      void reply.header("etag", versionTag(domain.version));
      return domain;
    },
  );
  app.put<DomainPath & { Querystring: WriteQuery }>(
    "/v1/domains/:domain",
    {
      config: { ...write, audit: { action: "updateDomain", resource: ["domain", ":domain"], unless: "dryRun" } },
      schema: {
        summary:
          "Create a domain or replace its configuration, and its rules where the body has them; If-Match: VERSION refuses lost updates",
        params,
        querystring: writeQuery,
        body: domainInput,
        response: answers(200, domainChange),
      },
    },
    async (request, reply) => {
      const { params: path, body, query } = request;
      return sendChange(reply, await domains.put(path.domain, { ...writeOf(request, query), input: body }));
    },
  );
  app.delete<DomainPath>(
    "/v1/domains/:domain",
    {
      config: { ...write, audit: { action: "deleteDomain", resource: ["domain", ":domain"], level: "warning" } },
      schema: { summary: "Delete a domain with its rules and versions", params, response: noContent },
    },
    async (request, reply) => {
      await domains.delete(request.params.domain, expectedVersion(request));
      return reply.code(204).send();
    },
  );
  registerRuleRoutes(app, domains);
}

function registerRuleRoutes(app: FastifyInstance, domains: DomainService): void {
  app.get<DomainPath>(
    "/v1/domains/:domain/rules",
    {
      config: read,
      schema: { summary: "A domain's rules", params, response: answers(200, object({ rules: list(ruleResource) })) },
    },
    async (request, reply) => {
      const { rules, version } = await domains.get(request.params.domain, "masked");
      void reply.header("etag", versionTag(version));
      return { rules };
    },
  );
  app.put<DomainPath & { Body: { rules: unknown; comment?: string; waitSeconds?: number } }>(
    "/v1/domains/:domain/rules",
    {
      config: { ...write, audit: { action: "updateDomainRules", resource: ["domain", ":domain"] } },
      schema: {
        summary: "Replace all rules of a domain at once",
        params,
        body: rulesInput,
        response: answers(200, domainChange),
      },
    },
    async (request, reply) => {
      const { rules: input, ...given } = request.body;
      return sendChange(reply, await domains.putRules(request.params.domain, { ...writeOf(request, given), input }));
    },
  );
}
