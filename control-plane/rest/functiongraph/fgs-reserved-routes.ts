/** Reserved instances in the FunctionGraph-compatible API. */
import type { FastifyInstance } from "fastify";
import { access } from "../access.ts";
import { bodyOf, projectOf, queryOf, urnOf, type FgsServices } from "./fgs-app.ts";

const route = { config: { access: access.open }, schema: { hide: true } };
const audit = { action: "setReservedInstances", resource: ["function", ":urn"] };

export function registerFgsReserved(app: FastifyInstance, { fgsReserved }: Pick<FgsServices, "fgsReserved">): void {
  app.put(
    "/v2/:project/fgs/functions/:urn/reservedinstances",
    { ...route, config: { ...route.config, audit } },
    (request) => fgsReserved.set(urnOf(request), bodyOf(request)),
  );
  app.get("/v2/:project/fgs/functions/reservedinstances", route, (request) =>
    fgsReserved.list(projectOf(request), queryOf(request)),
  );
  app.get("/v2/:project/fgs/functions/reservedinstanceconfigs", route, (request) =>
    fgsReserved.listConfigs(projectOf(request), queryOf(request)),
  );
}
