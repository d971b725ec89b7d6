/** Functions, code, configuration, versions, aliases, test events, tags, export and import in the FunctionGraph-compatible API. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { access, type Access } from "../access.ts";
import type { AuditedRoute } from "../record-audit.ts";
import { bodyOf, projectOf, queryOf, urnOf, type FgsServices } from "./fgs-app.ts";

/** Checked by the signature, not by the token hook of the other routes. */
interface Recorded {
  readonly config: { readonly access: Access; readonly audit: AuditedRoute };
  readonly schema: { readonly hide: boolean };
}
const route = { config: { access: access.open }, schema: { hide: true } };
/** The name of what is created is in a body that is not read before its signature is checked. */
const creating = (action: string): Recorded => ({
  ...route,
  config: { ...route.config, audit: { action, resource: ["project", ":project"] } },
});
/** A route that changes something, as it is recorded. */
const changing = (action: string): Recorded => ({
  ...route,
  config: { ...route.config, audit: { action, resource: ["function", ":urn"] } },
});
const one = "/v2/:project/fgs/functions/:urn";

export function registerFgsFunctions(app: FastifyInstance, services: FgsServices): void {
  registerLife(app, services);
  registerSnapshots(app, services);
  registerVersions(app, services);
  registerAliases(app, services);
  registerTestEvents(app, services);
  registerTags(app, services);
  registerTransfer(app, services);
}

function registerLife(app: FastifyInstance, { fgsFunctions }: FgsServices): void {
  app.get("/v2/:project/fgs/functions", route, (request) => fgsFunctions.list(projectOf(request), queryOf(request)));
  app.post("/v2/:project/fgs/functions", creating("createFunction"), (request) =>
    fgsFunctions.create(projectOf(request), bodyOf(request)),
  );
  app.delete(one, changing("deleteFunction"), async (request, reply) => {
    await fgsFunctions.delete(urnOf(request));
    return reply.code(204).send();
  });
  app.get(`${one}/config`, route, (request) => fgsFunctions.config(urnOf(request)));
  app.put(`${one}/config`, changing("updateFunctionConfig"), (request) =>
    fgsFunctions.updateConfig(urnOf(request), bodyOf(request)),
  );
  app.put(`${one}/config-max-instance`, changing("updateFunctionConfig"), (request) =>
    fgsFunctions.setInstancesMax(urnOf(request), bodyOf(request)),
  );
  app.get(`${one}/code`, route, (request) => fgsFunctions.code(urnOf(request)));
  app.put(`${one}/code`, changing("updateFunctionCode"), (request) =>
    fgsFunctions.updateCode(urnOf(request), bodyOf(request)),
  );
}

function registerSnapshots(app: FastifyInstance, { fgsSnapshot }: FgsServices): void {
  const actionOf = (request: FastifyRequest): string => (request.params as { readonly action: string }).action;
  app.get(`${one}/snapshots/:action`, route, (request) => fgsSnapshot.show(urnOf(request), actionOf(request)));
  app.post(`${one}/snapshots/:action`, changing("updateFunctionConfig"), (request) =>
    fgsSnapshot.change(urnOf(request), actionOf(request)),
  );
}

function registerVersions(app: FastifyInstance, { fgsFunctions }: FgsServices): void {
  app.get(`${one}/versions`, route, (request) => fgsFunctions.listVersions(urnOf(request)));
  app.post(`${one}/versions`, changing("publishFunctionVersion"), (request) =>
    fgsFunctions.publishVersion(urnOf(request), bodyOf(request)),
  );
}

function registerAliases(app: FastifyInstance, { fgsAliases }: FgsServices): void {
  const nameOf = (request: FastifyRequest): string => (request.params as { readonly alias: string }).alias;
  app.get(`${one}/aliases`, route, (request) => fgsAliases.list(urnOf(request)));
  app.post(`${one}/aliases`, changing("createVersionAlias"), (request) =>
    fgsAliases.create(urnOf(request), bodyOf(request)),
  );
  app.get(`${one}/aliases/:alias`, route, (request) => fgsAliases.get(urnOf(request), nameOf(request)));
  app.put(`${one}/aliases/:alias`, changing("updateVersionAlias"), (request) =>
    fgsAliases.update(urnOf(request), nameOf(request), bodyOf(request)),
  );
  app.delete(`${one}/aliases/:alias`, changing("deleteVersionAlias"), async (request, reply) => {
    await fgsAliases.delete(urnOf(request), nameOf(request));
    return reply.code(204).send();
  });
}

function registerTestEvents(app: FastifyInstance, { fgsTestEvents }: FgsServices): void {
  const idOf = (request: FastifyRequest): string => (request.params as { readonly id: string }).id;
  app.get(`${one}/events`, route, (request) => fgsTestEvents.list(urnOf(request)));
  app.post(`${one}/events`, changing("createEvent"), (request) =>
    fgsTestEvents.create(urnOf(request), bodyOf(request)),
  );
  app.get(`${one}/events/:id`, route, (request) => fgsTestEvents.get(urnOf(request), idOf(request)));
  app.put(`${one}/events/:id`, changing("updateEvent"), (request) =>
    fgsTestEvents.update(urnOf(request), idOf(request), bodyOf(request)),
  );
  app.delete(`${one}/events/:id`, changing("deleteEvent"), async (request, reply) => {
    await fgsTestEvents.delete(urnOf(request), idOf(request));
    return reply.code(204).send();
  });
}

function registerTags(app: FastifyInstance, { fgsTags }: FgsServices): void {
  const tags = "/v2/:project/functions/:urn/tags";
  app.get(tags, route, (request) => fgsTags.list(urnOf(request)));
  app.post(`${tags}/create`, changing("createTags"), async (request, reply) => {
    await fgsTags.add(urnOf(request), bodyOf(request));
    return reply.code(204).send();
  });
  app.delete(`${tags}/delete`, changing("deleteTags"), async (request, reply) => {
    await fgsTags.remove(urnOf(request), bodyOf(request));
    return reply.code(204).send();
  });
}

function registerTransfer(app: FastifyInstance, { fgsTransfer }: FgsServices): void {
  app.get(`${one}/export`, route, async (request, reply) => {
    const { code, config: configuration, type } = queryOf(request);
    const wants = { code: code === "true" || type === "code", config: configuration === "true" || type === "config" };
    const { archive, fileName } = await fgsTransfer.export(urnOf(request), wants);
    return reply
      .header("content-type", "application/zip")
      .header("content-disposition", `attachment; filename="${fileName}"`)
      .send(Buffer.from(archive));
  });
  app.post("/v2/:project/fgs/functions/import", creating("importFunction"), (request) =>
    fgsTransfer.import(projectOf(request), bodyOf(request)),
  );
}
