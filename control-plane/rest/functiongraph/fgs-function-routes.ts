/** Functions, code, configuration, versions, aliases, test events, tags, export and import in the FunctionGraph-compatible API. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { access } from "../access.ts";
import { FgsError } from "../../functiongraph/fgs-error.ts";
import { bodyOf, projectOf, urnOf, type FgsServices } from "./fgs-app.ts";

/** Checked by the signature, not by the token hook of the other routes. */
const config = { access: access.open };
const one = "/v2/:project/fgs/functions/:urn";

export function registerFgsFunctions(app: FastifyInstance, services: FgsServices): void {
  registerLife(app, services);
  registerVersions(app, services);
  registerAliases(app, services);
  registerTestEvents(app, services);
  registerTags(app, services);
  registerTransfer(app, services);
}

function registerLife(app: FastifyInstance, { fgsFunctions }: FgsServices): void {
  app.get("/v2/:project/fgs/functions", { config, schema: { hide: true } }, (request) =>
    fgsFunctions.list(projectOf(request), queryOf(request)),
  );
  app.post("/v2/:project/fgs/functions", { config, schema: { hide: true } }, (request) =>
    fgsFunctions.create(projectOf(request), bodyOf(request)),
  );
  app.delete(one, { config, schema: { hide: true } }, async (request, reply) => {
    await fgsFunctions.delete(urnOf(request));
    return reply.code(204).send();
  });
  app.get(`${one}/config`, { config, schema: { hide: true } }, (request) => fgsFunctions.config(urnOf(request)));
  app.put(`${one}/config`, { config, schema: { hide: true } }, (request) =>
    fgsFunctions.updateConfig(urnOf(request), bodyOf(request)),
  );
  app.put(`${one}/config-max-instance`, { config, schema: { hide: true } }, (request) =>
    fgsFunctions.setInstancesMax(urnOf(request), bodyOf(request)),
  );
  app.get(`${one}/code`, { config, schema: { hide: true } }, (request) => fgsFunctions.code(urnOf(request)));
  app.put(`${one}/code`, { config, schema: { hide: true } }, (request) =>
    fgsFunctions.updateCode(urnOf(request), bodyOf(request)),
  );
}

function registerVersions(app: FastifyInstance, { fgsFunctions }: FgsServices): void {
  app.get(`${one}/versions`, { config, schema: { hide: true } }, (request) =>
    fgsFunctions.listVersions(urnOf(request)),
  );
  app.post(`${one}/versions`, { config, schema: { hide: true } }, (request) =>
    fgsFunctions.publishVersion(urnOf(request), bodyOf(request)),
  );
}

function registerAliases(app: FastifyInstance, { fgsAliases }: FgsServices): void {
  const nameOf = (request: FastifyRequest): string => (request.params as { readonly alias: string }).alias;
  app.get(`${one}/aliases`, { config, schema: { hide: true } }, (request) => fgsAliases.list(urnOf(request)));
  app.post(`${one}/aliases`, { config, schema: { hide: true } }, (request) =>
    fgsAliases.create(urnOf(request), bodyOf(request)),
  );
  app.get(`${one}/aliases/:alias`, { config, schema: { hide: true } }, (request) =>
    fgsAliases.get(urnOf(request), nameOf(request)),
  );
  app.put(`${one}/aliases/:alias`, { config, schema: { hide: true } }, (request) =>
    fgsAliases.update(urnOf(request), nameOf(request), bodyOf(request)),
  );
  app.delete(`${one}/aliases/:alias`, { config, schema: { hide: true } }, async (request, reply) => {
    await fgsAliases.delete(urnOf(request), nameOf(request));
    return reply.code(204).send();
  });
}

function registerTestEvents(app: FastifyInstance, { fgsTestEvents }: FgsServices): void {
  const idOf = (request: FastifyRequest): string => (request.params as { readonly id: string }).id;
  app.get(`${one}/events`, { config, schema: { hide: true } }, (request) => fgsTestEvents.list(urnOf(request)));
  app.post(`${one}/events`, { config, schema: { hide: true } }, (request) =>
    fgsTestEvents.create(urnOf(request), bodyOf(request)),
  );
  app.get(`${one}/events/:id`, { config, schema: { hide: true } }, (request) =>
    fgsTestEvents.get(urnOf(request), idOf(request)),
  );
  app.put(`${one}/events/:id`, { config, schema: { hide: true } }, (request) =>
    fgsTestEvents.update(urnOf(request), idOf(request), bodyOf(request)),
  );
  app.delete(`${one}/events/:id`, { config, schema: { hide: true } }, async (request, reply) => {
    await fgsTestEvents.delete(urnOf(request), idOf(request));
    return reply.code(204).send();
  });
}

function registerTags(app: FastifyInstance, { fgsTags }: FgsServices): void {
  const tags = "/v2/:project/functions/:urn/tags";
  app.get(tags, { config, schema: { hide: true } }, (request) => fgsTags.list(urnOf(request)));
  app.post(`${tags}/create`, { config, schema: { hide: true } }, async (request, reply) => {
    await fgsTags.add(urnOf(request), bodyOf(request));
    return reply.code(204).send();
  });
  app.delete(`${tags}/delete`, { config, schema: { hide: true } }, async (request, reply) => {
    await fgsTags.remove(urnOf(request), bodyOf(request));
    return reply.code(204).send();
  });
}

function registerTransfer(app: FastifyInstance, { fgsTransfer }: FgsServices): void {
  app.get(`${one}/export`, { config, schema: { hide: true } }, async (request, reply) => {
    const { code, config: configuration, type } = queryOf(request);
    const wants = { code: code === "true" || type === "code", config: configuration === "true" || type === "config" };
    const { archive, fileName } = await fgsTransfer.export(urnOf(request), wants);
    return reply
      .header("content-type", "application/zip")
      .header("content-disposition", `attachment; filename="${fileName}"`)
      .send(Buffer.from(archive));
  });
  app.post("/v2/:project/fgs/functions/import", { config, schema: { hide: true } }, (request) =>
    fgsTransfer.import(projectOf(request), bodyOf(request)),
  );
}

function queryOf(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const entries = Object.entries(request.query as Readonly<Record<string, unknown>>);
  if (entries.every(([, value]) => typeof value === "string"))
    return Object.fromEntries(entries) as Record<string, string>;
  throw new FgsError("FSS.0400", "query: a parameter is there twice");
}
