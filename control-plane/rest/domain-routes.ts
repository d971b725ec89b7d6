/** `/v1/domains` and their rules. Reading is for publishers, changing for administrators. */
import type { FastifyInstance } from "fastify";
import { toRuleResource, type DomainService } from "../domains/domain-service.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import { domainChange, domainInput, domainResource, ruleResource, rulesInput } from "./schemas/domain-schemas.ts";
import { waitSeconds } from "./schemas/function-schemas.ts";
import { list, object } from "./schemas/json-schema.ts";

interface DomainPath {
  Params: { domain: string };
}

export function registerDomainRoutes(app: FastifyInstance, domains: DomainService): void {
  const params = pathParameters("domain");
  const read = { access: access.publisher };
  const write = { access: access.admin };
  app.get(
    "/v1/domains",
    {
      config: read,
      schema: { summary: "All domains", response: answers(200, object({ domains: list(domainResource) })) },
    },
    async () => ({ domains: await domains.list() }),
  );
  app.get<DomainPath>(
    "/v1/domains/:domain",
    { config: read, schema: { summary: "One domain", params, response: answers(200, domainResource) } },
    (request) => domains.get(request.params.domain),
  );
  app.put<DomainPath & { Querystring: { waitSeconds?: number } }>(
    "/v1/domains/:domain",
    {
      config: write,
      schema: {
        summary: "Create a domain or replace its configuration; its rules stay",
        params,
        querystring: object({ waitSeconds }, { optional: ["waitSeconds"] }),
        body: domainInput,
        response: answers(200, domainChange),
      },
    },
    ({ params: { domain }, body, query }) => domains.putConfig(domain, { input: body, waitSeconds: query.waitSeconds }),
  );
  app.delete<DomainPath>(
    "/v1/domains/:domain",
    { config: write, schema: { summary: "Delete a domain with its rules", params, response: noContent } },
    async (request, reply) => {
      await domains.delete(request.params.domain);
      return reply.code(204).send();
    },
  );
  app.get<DomainPath>(
    "/v1/domains/:domain/rules",
    {
      config: read,
      schema: { summary: "A domain's rules", params, response: answers(200, object({ rules: list(ruleResource) })) },
    },
    async (request) => ({ rules: (await domains.get(request.params.domain)).rules.map(toRuleResource) }),
  );
  app.put<DomainPath & { Body: { rules: unknown; waitSeconds?: number } }>(
    "/v1/domains/:domain/rules",
    {
      config: write,
      schema: {
        summary: "Replace all rules of a domain at once",
        params,
        body: rulesInput,
        response: answers(200, domainChange),
      },
    },
    ({ params: { domain }, body }) => domains.putRules(domain, { input: body.rules, waitSeconds: body.waitSeconds }),
  );
}
