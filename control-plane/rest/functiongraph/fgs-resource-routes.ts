/** Dependencies, quotas and triggers in the FunctionGraph-compatible API. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { TokenRole } from "../../../sdk/api.ts";
import { FgsError } from "../../functiongraph/fgs-error.ts";
import { access } from "../access.ts";
import { bodyOf, projectOf, queryOf, urnOf, type FgsServices } from "./fgs-app.ts";

/** Checked by the signature, not by the token hook of the other routes. */
const route = { config: { access: access.open }, schema: { hide: true } };
const recorded = (action: string, resource: readonly string[]) => ({
  ...route,
  config: { ...route.config, audit: { action, resource } },
});

export function registerFgsResources(app: FastifyInstance, services: FgsServices): void {
  registerDependencies(app, services);
  registerTriggers(app, services);
  app.get("/v2/:project/fgs/quotas", route, (request) => {
    projectOf(request);
    return services.fgsQuotas.list();
  });
}

function registerDependencies(app: FastifyInstance, { fgsDependencies }: FgsServices): void {
  const all = "/v2/:project/fgs/dependencies";
  const versions = `${all}/:id/version`;
  const idOf = (request: FastifyRequest): string => (request.params as { readonly id: string }).id;
  const versionOf = (request: FastifyRequest): string => (request.params as { readonly version: string }).version;
  app.get(all, route, (request) => fgsDependencies.list(projectOf(request), queryOf(request)));
  app.post(`${all}/version`, recorded("createDependencyVersion", ["project", ":project"]), (request) =>
    fgsDependencies.create(projectOf(request), bodyOf(request), roleOf(request)),
  );
  app.get(versions, route, (request) =>
    fgsDependencies.listVersions(projectOf(request), idOf(request), queryOf(request)),
  );
  app.get(`${versions}/:version`, route, (request) =>
    fgsDependencies.get(projectOf(request), idOf(request), versionOf(request)),
  );
  app.delete(
    `${versions}/:version`,
    recorded("deleteDependencyVersion", ["dependency", ":id", "version", ":version"]),
    async (request, reply) => {
      projectOf(request);
      await fgsDependencies.delete(idOf(request), versionOf(request), roleOf(request));
      return reply.code(204).send();
    },
  );
}

function registerTriggers(app: FastifyInstance, { fgsTriggers }: FgsServices): void {
  const all = "/v2/:project/fgs/triggers/:urn";
  const one = `${all}/:type/:id`;
  const resource = ["function", ":urn"];
  const nameOf = (request: FastifyRequest) => request.params as { readonly type: string; readonly id: string };
  app.get(all, route, (request) => fgsTriggers.list(urnOf(request)));
  app.post(all, recorded("createTrigger", resource), async (request, reply) =>
    reply.code(201).send(await fgsTriggers.create(urnOf(request), bodyOf(request))),
  );
  app.delete(all, recorded("deleteTriggers", resource), async (request, reply) => {
    await fgsTriggers.deleteAll(urnOf(request));
    return reply.code(204).send();
  });
  app.get(one, route, (request) => fgsTriggers.get(urnOf(request), nameOf(request)));
  app.put(one, recorded("updateTrigger", [...resource, "trigger", ":id"]), (request) =>
    fgsTriggers.update(urnOf(request), nameOf(request), bodyOf(request)),
  );
  app.delete(one, recorded("deleteTrigger", [...resource, "trigger", ":id"]), async (request, reply) => {
    await fgsTriggers.delete(urnOf(request), nameOf(request));
    return reply.code(204).send();
  });
}

/** Of a caller whose signature was checked. */
function roleOf({ caller }: FastifyRequest): TokenRole {
  if (caller === null) throw new FgsError("FSS.0401", "Incorrect IAM authentication information");
  return caller.role;
}
