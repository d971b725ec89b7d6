/** `/v1/access-keys`: keys that sign requests, for administrators. */
import type { FastifyInstance } from "fastify";
import type { AccessKeyInput } from "../../sdk/api.ts";
import type { AccessKeyService } from "../access-keys/access-key-service.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import { accessKeyCreated, accessKeyInput, accessKeyResource } from "./schemas/access-schemas.ts";
import { list, object } from "./schemas/json-schema.ts";

export function registerAccessKeyRoutes(app: FastifyInstance, accessKeys: AccessKeyService): void {
  const config = { access: access.admin };
  app.get(
    "/v1/access-keys",
    {
      config,
      schema: {
        summary: "All access keys, without their secrets",
        response: answers(200, object({ accessKeys: list(accessKeyResource) })),
      },
    },
    async () => ({ accessKeys: await accessKeys.list() }),
  );
  app.post<{ Body: AccessKeyInput }>(
    "/v1/access-keys",
    {
      config: {
        ...config,
        audit: { action: "createAccessKey", resource: ["access-key"], detail: ["name", "role"], level: "warning" },
      },
      schema: {
        summary: "Create an access key; its secret is shown this once",
        body: accessKeyInput,
        response: answers(201, accessKeyCreated),
      },
    },
    async (request, reply) => reply.code(201).send(await accessKeys.create(request.body)),
  );
  app.delete<{ Params: { id: string } }>(
    "/v1/access-keys/:id",
    {
      config: { ...config, audit: { action: "deleteAccessKey", resource: ["access-key", ":id"], level: "warning" } },
      schema: { summary: "Delete an access key", params: pathParameters("id"), response: noContent },
    },
    async (request, reply) => {
      await accessKeys.delete(request.params.id);
      return reply.code(204).send();
    },
  );
}
