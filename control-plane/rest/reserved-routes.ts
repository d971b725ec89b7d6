/** `/v1/reserved` and `/v1/functions/:name/reserved`: instances that nodes keep started. */
import type { FastifyInstance } from "fastify";
import type { ReservedName, ReservedService } from "../reserved/reserved-service.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import { list, object } from "./schemas/json-schema.ts";
import { reservedChange, reservedInput, reservedResource } from "./schemas/reserved-schemas.ts";

interface OneReservation {
  Params: { name: string; qualifier: string };
}

const config = { access: access.publisher };
const page = answers(200, object({ reservations: list(reservedResource) }));
const path = "/v1/functions/:name/reserved/:qualifier";

export function registerReservedRoutes(app: FastifyInstance, reserved: ReservedService): void {
  const params = pathParameters("name", "qualifier");
  const resource = ["function", ":name", "reserved", ":qualifier"];
  app.get(
    "/v1/reserved",
    { config, schema: { summary: "Reserved instances of all functions", response: page } },
    async () => ({
      reservations: await reserved.listAll(),
    }),
  );
  app.get<{ Params: { name: string } }>(
    "/v1/functions/:name/reserved",
    { config, schema: { summary: "Reserved instances of a function", params: pathParameters("name"), response: page } },
    async (request) => ({ reservations: await reserved.list(request.params.name) }),
  );
  app.get<OneReservation>(
    path,
    {
      config,
      schema: {
        summary: "Reserved instances of a version, an alias or latest",
        params,
        response: answers(200, reservedResource),
      },
    },
    (request) => reserved.get(nameOf(request)),
  );
  app.put<OneReservation>(
    path,
    {
      config: { ...config, audit: { action: "setReservedInstances", resource, detail: ["count"] } },
      schema: {
        summary: "Reserve instances of a version, an alias or latest on each node",
        params,
        body: reservedInput,
        response: answers(200, reservedChange),
      },
    },
    (request) => reserved.set(nameOf(request), request.body),
  );
  app.delete<OneReservation>(
    path,
    {
      config: { ...config, audit: { action: "deleteReservedInstances", resource } },
      schema: { summary: "Reserve none any more", params, response: noContent },
    },
    async (request, reply) => {
      await reserved.delete(nameOf(request));
      return reply.code(204).send();
    },
  );
}

function nameOf({ params: { name, qualifier } }: { readonly params: OneReservation["Params"] }): ReservedName {
  return { functionName: name, qualifier };
}
