/** `/v1/dependencies`. For publishers; public ones are changed by administrators, which the service checks. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { TokenRole } from "../../sdk/api.ts";
import type { DependencyInput } from "../../sdk/dependency.ts";
import { ControlError } from "../control-error.ts";
import type { DependencyService } from "../dependencies/dependency-service.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import {
  dependencyInput,
  dependencyResource,
  dependencySummary,
  dependencyVersionResource,
} from "./schemas/dependency-schemas.ts";
import { list, object } from "./schemas/json-schema.ts";

interface Name {
  Params: { name: string };
}
interface NameAndVersion {
  Params: { name: string; version: string };
}

const config = { access: access.publisher };
const one = "/v1/dependencies/:name";

export function registerDependencyRoutes(app: FastifyInstance, service: DependencyService): void {
  registerReading(app, service);
  const params = pathParameters("name");
  app.post<Name & { Body: DependencyInput }>(
    `${one}/versions`,
    {
      config: {
        ...config,
        audit: { action: "createDependencyVersion", resource: ["dependency", ":name"], detail: ["public"] },
      },
      schema: {
        summary: "Take in a ZIP as the next version of a dependency, which is created when it is new",
        params,
        body: dependencyInput,
        response: answers(201, dependencyVersionResource),
      },
    },
    async (request, reply) =>
      reply.code(201).send(await service.create(request.params.name, request.body, roleOf(request))),
  );
  app.delete<NameAndVersion>(
    `${one}/versions/:version`,
    {
      config: {
        ...config,
        audit: {
          action: "deleteDependencyVersion",
          resource: ["dependency", ":name", "version", ":version"],
          level: "warning",
        },
      },
      schema: {
        summary: "Delete a version; refused while a version of a function was built with it",
        params: pathParameters("name", "version"),
        response: noContent,
      },
    },
    async (request, reply) => {
      await service.deleteVersion(request.params, roleOf(request));
      return reply.code(204).send();
    },
  );
  app.delete<Name>(
    one,
    {
      config: { ...config, audit: { action: "deleteDependency", resource: ["dependency", ":name"], level: "warning" } },
      schema: {
        summary: "Delete a dependency with all versions; refused while one is used",
        params,
        response: noContent,
      },
    },
    async (request, reply) => {
      await service.delete(request.params.name, roleOf(request));
      return reply.code(204).send();
    },
  );
}

function registerReading(app: FastifyInstance, service: DependencyService): void {
  app.get(
    "/v1/dependencies",
    {
      config,
      schema: {
        summary: "All dependencies and the numbers of their versions",
        response: answers(200, object({ dependencies: list(dependencySummary) })),
      },
    },
    async () => ({ dependencies: await service.list() }),
  );
  app.get<Name>(
    one,
    {
      config,
      schema: {
        summary: "A dependency, its versions and what uses them",
        params: pathParameters("name"),
        response: answers(200, dependencyResource),
      },
    },
    ({ params: { name } }) => service.get(name),
  );
  app.get<NameAndVersion>(
    `${one}/versions/:version`,
    {
      config,
      schema: {
        summary: "A version of a dependency and what uses it",
        params: pathParameters("name", "version"),
        response: answers(200, dependencyVersionResource),
      },
    },
    ({ params: { name, version } }) => service.getVersion(name, version),
  );
}

/** Of a caller that the route let in. */
function roleOf({ caller }: FastifyRequest): TokenRole {
  if (caller === null) throw new ControlError("UNAUTHENTICATED");
  return caller.role;
}
