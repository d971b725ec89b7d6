/** Invocations in the FunctionGraph-compatible API. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { eventLimits } from "../../../sdk/limits.ts";
import { access, type Access } from "../access.ts";
import type { AuditedRoute } from "../record-audit.ts";
import { FgsError } from "../../functiongraph/fgs-error.ts";
import { bodyOf, queryOf, textOf, urnOf, type FgsServices } from "./fgs-app.ts";

interface Recorded {
  readonly config: { readonly access: Access; readonly audit: AuditedRoute };
  readonly schema: { readonly hide: boolean };
}
const route = { config: { access: access.open }, schema: { hide: true } };
/** A route that changes something, as it is recorded. */
const changing = (action: string): Recorded => ({
  ...route,
  config: { ...route.config, audit: { action, resource: ["function", ":urn"] } },
});
const one = "/v2/:project/fgs/functions/:urn";

export function registerFgsInvocations(app: FastifyInstance, services: FgsServices): void {
  registerSynchronous(app, services);
  registerAsynchronous(app, services);
}

function registerAsynchronous(app: FastifyInstance, { fgsAsync }: FgsServices): void {
  app.post(`${one}/invocations-async`, route, async (request, reply) => {
    return reply.code(202).send(await fgsAsync.invoke(urnOf(request), textOf(request)));
  });
  app.get(`${one}/async-invocations`, route, (request) => fgsAsync.list(urnOf(request), queryOf(request)));
  app.get(`${one}/active-async-invocations`, route, (request) =>
    fgsAsync.list(urnOf(request), { ...queryOf(request), status: "RUNNING" }),
  );
  app.post(`${one}/cancel`, changing("cancelCall"), async (request, reply) => {
    await fgsAsync.cancel(urnOf(request), bodyOf(request));
    return reply.code(200).send({});
  });
  app.get(`${one}/async-invoke-config`, route, (request) => fgsAsync.config(urnOf(request)));
  app.get(`${one}/async-invoke-configs`, route, (request) => fgsAsync.listConfigs(urnOf(request)));
  app.put(`${one}/async-invoke-config`, changing("setAsyncConfig"), (request) =>
    fgsAsync.setConfig(urnOf(request), bodyOf(request)),
  );
  app.delete(`${one}/async-invoke-config`, changing("deleteAsyncConfig"), async (request, reply) => {
    await fgsAsync.deleteConfig(urnOf(request));
    return reply.code(204).send();
  });
}

function registerSynchronous(app: FastifyInstance, { fgsInvocation }: FgsServices): void {
  app.post(`${one}/invocations`, route, async (request, reply) => {
    const event = textOf(request);
    const bytes = Buffer.byteLength(event);
    if (bytes > eventLimits.bytesMax) {
      throw new FgsError("FSS.1201", `body: received ${bytes} bytes, allowed: at most ${eventLimits.bytesMax}`);
    }
    const answer = await fgsInvocation.invoke(urnOf(request), {
      event,
      wantsLog: headerOf(request, "x-cff-log-type") === "tail",
      form: headerOf(request, "x-cff-request-version") === "v1" ? "v1" : "v0",
      memory: headerOf(request, "x-cff-instance-memory") || undefined,
    });
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  });
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}
