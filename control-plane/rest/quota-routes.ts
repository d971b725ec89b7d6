/** `/v1/quotas`. Reading is for publishers, changing for administrators. */
import type { FastifyInstance } from "fastify";
import { quotaNames } from "../../sdk/quota.ts";
import type { QuotaService } from "../quotas/quota-service.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import { choice, integer, list, object, text, type JsonSchema } from "./schemas/json-schema.ts";

const count = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const quotaResource: JsonSchema = object({
  name: choice(quotaNames),
  value: count,
  used: count,
  meaning: text(),
  default: count,
  min: count,
  max: count,
  unit: choice(["count", "MiB"]),
});

interface QuotaPath {
  Params: { name: string };
}

export function registerQuotaRoutes(app: FastifyInstance, service: QuotaService): void {
  const params = pathParameters("name");
  const resource = ["quota", ":name"];
  app.get(
    "/v1/quotas",
    {
      config: { access: access.publisher },
      schema: {
        summary: "All quotas and what is used of them",
        response: answers(200, object({ quotas: list(quotaResource) })),
      },
    },
    async () => ({ quotas: await service.list() }),
  );
  app.put<QuotaPath & { Body: { value: number } }>(
    "/v1/quotas/:name",
    {
      config: { access: access.admin, audit: { action: "updateQuota", resource, detail: ["value"], level: "warning" } },
      schema: {
        summary: "Change a quota; one below what is used takes nothing away",
        params,
        body: object({ value: count }),
        response: answers(200, quotaResource),
      },
    },
    ({ params: { name }, body }) => service.set(name, body.value),
  );
  app.delete<QuotaPath>(
    "/v1/quotas/:name",
    {
      config: { access: access.admin, audit: { action: "resetQuota", resource, level: "warning" } },
      schema: { summary: "Bring a quota's default back", params, response: noContent },
    },
    async (request, reply) => {
      await service.reset(request.params.name);
      return reply.code(204).send();
    },
  );
}
