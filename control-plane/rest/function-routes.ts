/** `/v1/functions` and what belongs to one function, except publishing and invoking. */
import type { FastifyInstance } from "fastify";
import type { AliasInput, CreateFunction, FunctionUpdate, RollbackInput } from "../../sdk/api.ts";
import type { AliasService } from "../functions/alias-service.ts";
import type { EnvironmentService } from "../functions/environment-service.ts";
import type { FunctionService } from "../functions/function-service.ts";
import type { VersionService } from "../functions/version-service.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import {
  aliasChange,
  aliasInput,
  createFunction,
  environmentInput,
  environmentResource,
  functionResource,
  functionUpdate,
  rollbackInput,
  versionResource,
} from "./schemas/function-schemas.ts";
import { list, object } from "./schemas/json-schema.ts";

export interface FunctionRouteServices {
  readonly functions: FunctionService;
  readonly environments: EnvironmentService;
  readonly versions: VersionService;
  readonly aliases: AliasService;
}

interface Name {
  Params: { name: string };
}

export function registerFunctionRoutes(app: FastifyInstance, services: FunctionRouteServices): void {
  registerFunctions(app, services.functions);
  registerEnvironments(app, services.environments);
  registerVersions(app, services.versions);
  registerAliases(app, services.aliases);
}

const config = { access: access.publisher };
const params = pathParameters("name");

function registerFunctions(app: FastifyInstance, functions: FunctionService): void {
  app.get(
    "/v1/functions",
    {
      config,
      schema: { summary: "All functions", response: answers(200, object({ functions: list(functionResource) })) },
    },
    async () => ({ functions: await functions.list() }),
  );
  app.post<{ Body: CreateFunction }>(
    "/v1/functions",
    {
      config: { ...config, audit: { action: "createFunction", resource: ["function", "body.name"] } },
      schema: { summary: "Create a function", body: createFunction, response: answers(201, functionResource) },
    },
    async (request, reply) => reply.code(201).send(await functions.create(request.body)),
  );
  app.get<Name>(
    "/v1/functions/:name",
    { config, schema: { summary: "One function", params, response: answers(200, functionResource) } },
    (request) => functions.get(request.params.name),
  );
  app.patch<Name & { Body: FunctionUpdate }>(
    "/v1/functions/:name",
    {
      config: { ...config, audit: { action: "updateFunction", resource: ["function", ":name"], detail: ["enabled"] } },
      schema: {
        summary: "Describe, enable or disable a function",
        params,
        body: functionUpdate,
        response: answers(200, functionResource),
      },
    },
    (request) => functions.update(request.params.name, request.body),
  );
  app.delete<Name>(
    "/v1/functions/:name",
    {
      config: { ...config, audit: { action: "deleteFunction", resource: ["function", ":name"], level: "warning" } },
      schema: { summary: "Delete a function with its versions and aliases", params, response: noContent },
    },
    async (request, reply) => {
      await functions.delete(request.params.name);
      return reply.code(204).send();
    },
  );
}

function registerEnvironments(app: FastifyInstance, environments: EnvironmentService): void {
  app.get<Name>(
    "/v1/functions/:name/environment",
    {
      config,
      schema: { summary: "Variables, and the names of secrets", params, response: answers(200, environmentResource) },
    },
    (request) => environments.get(request.params.name),
  );
  app.put<Name>(
    "/v1/functions/:name/environment",
    {
      config: { ...config, audit: { action: "updateFunctionConfig", resource: ["function", ":name", "environment"] } },
      schema: {
        summary: "Replace the environment; the next published version has it",
        params,
        body: environmentInput,
        response: answers(200, environmentResource),
      },
    },
    (request) => environments.set(request.params.name, request.body),
  );
}

interface VersionPath {
  Params: { name: string; version: string };
}

function registerVersions(app: FastifyInstance, versions: VersionService): void {
  const versionParams = pathParameters("name", "version");
  app.get<Name>(
    "/v1/functions/:name/versions",
    {
      config,
      schema: {
        summary: "Versions, newest first",
        params,
        response: answers(200, object({ versions: list(versionResource) })),
      },
    },
    async (request) => ({ versions: await versions.list(request.params.name) }),
  );
  app.get<VersionPath>(
    "/v1/functions/:name/versions/:version",
    { config, schema: { summary: "One version", params: versionParams, response: answers(200, versionResource) } },
    ({ params: { name, version } }) => versions.get({ functionName: name, version }),
  );
  app.delete<VersionPath>(
    "/v1/functions/:name/versions/:version",
    {
      config: {
        ...config,
        audit: {
          action: "deleteFunctionVersion",
          resource: ["function", ":name", "version", ":version"],
          level: "warning",
        },
      },
      schema: { summary: "Delete a version that nothing names", params: versionParams, response: noContent },
    },
    async ({ params: { name, version } }, reply) => {
      await versions.delete({ functionName: name, version });
      return reply.code(204).send();
    },
  );
}

interface AliasPath {
  Params: { name: string; alias: string };
}

function registerAliases(app: FastifyInstance, aliases: AliasService): void {
  const aliasParams = pathParameters("name", "alias");
  const response = answers(200, aliasChange);
  app.put<AliasPath & { Body: AliasInput }>(
    "/v1/functions/:name/aliases/:alias",
    {
      config: {
        ...config,
        audit: {
          action: "updateVersionAlias",
          resource: ["function", ":name", "alias", ":alias"],
          detail: ["version"],
        },
      },
      schema: { summary: "Create or move an alias", params: aliasParams, body: aliasInput, response },
    },
    ({ params: { name, alias }, body }) => aliases.move({ functionName: name, alias }, body),
  );
  app.post<AliasPath & { Body: RollbackInput }>(
    "/v1/functions/:name/aliases/:alias/rollback",
    {
      config: {
        ...config,
        audit: {
          action: "rollbackVersionAlias",
          resource: ["function", ":name", "alias", ":alias"],
          detail: ["version"],
        },
      },
      schema: { summary: "Move an alias back", params: aliasParams, body: rollbackInput, response },
    },
    ({ params: { name, alias }, body }) => aliases.rollback({ functionName: name, alias }, body),
  );
  app.delete<AliasPath>(
    "/v1/functions/:name/aliases/:alias",
    {
      config: {
        ...config,
        audit: { action: "deleteVersionAlias", resource: ["function", ":name", "alias", ":alias"], level: "warning" },
      },
      schema: { summary: "Delete an alias that no rule names", params: aliasParams, response: noContent },
    },
    async ({ params: { name, alias } }, reply) => {
      await aliases.delete({ functionName: name, alias });
      return reply.code(204).send();
    },
  );
}
