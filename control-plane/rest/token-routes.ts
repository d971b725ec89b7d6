/** `/v1/tokens`: API tokens, for administrators. */
import type { FastifyInstance } from "fastify";
import type { TokenRole } from "../../sdk/api.ts";
import type { TokenService } from "../tokens/token-service.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import { tokenCreated, tokenInput, tokenResource } from "./schemas/access-schemas.ts";
import { list, object } from "./schemas/json-schema.ts";

export function registerTokenRoutes(app: FastifyInstance, tokens: TokenService): void {
  const config = { access: access.admin };
  app.get(
    "/v1/tokens",
    {
      config,
      schema: {
        summary: "All tokens, without their texts",
        response: answers(200, object({ tokens: list(tokenResource) })),
      },
    },
    async () => ({ tokens: await tokens.list() }),
  );
  app.post<{ Body: { name: string; role: TokenRole } }>(
    "/v1/tokens",
    {
      config: {
        ...config,
        audit: { action: "createToken", resource: ["token"], detail: ["name", "role"], level: "warning" },
      },
      schema: {
        summary: "Create a token; its text is shown this once",
        body: tokenInput,
        response: answers(201, tokenCreated),
      },
    },
    async (request, reply) => reply.code(201).send(await tokens.create(request.body)),
  );
  app.delete<{ Params: { id: string } }>(
    "/v1/tokens/:id",
    {
      config: { ...config, audit: { action: "deleteToken", resource: ["token", ":id"], level: "warning" } },
      schema: { summary: "Revoke a token", params: pathParameters("id"), response: noContent },
    },
    async (request, reply) => {
      await tokens.revoke(request.params.id);
      return reply.code(204).send();
    },
  );
}
