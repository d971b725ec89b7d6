/** `/v1/explain`: what a node would do with a request; and what nodes answer. */
import type { FastifyInstance } from "fastify";
import type { ExplainInput, ExplainReport } from "../../sdk/explain.ts";
import type { ExplainService } from "../rollout/explain-service.ts";
import { access } from "./access.ts";
import { answers, noContent } from "./route-schema.ts";
import { explainInput, explainReport, explanation } from "./schemas/explain-schemas.ts";

export interface ExplainRouteServices {
  readonly explanations: ExplainService;
}

export function registerExplainRoutes(app: FastifyInstance, { explanations }: ExplainRouteServices): void {
  app.post<{ Body: ExplainInput }>(
    "/v1/explain",
    {
      // It shows every domain's rules, keys and stored fields.
      config: { access: access.admin },
      schema: {
        summary: "What one node would do with a request, step by step; nothing is changed unless functions are run",
        body: explainInput,
        response: answers(200, explanation),
      },
    },
    ({ body }) => explanations.explain(body),
  );
  app.post<{ Body: ExplainReport }>(
    "/v1/nodes/explanations",
    {
      config: { access: access.node },
      schema: { summary: "What a node would do with a request", body: explainReport, response: noContent },
    },
    async (request, reply) => {
      explanations.settle(request.body);
      return reply.code(204).send();
    },
  );
}
