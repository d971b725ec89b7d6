/** `/v1/purges` and `/v1/preheats`, and what nodes ask and report about them. */
import type { FastifyInstance } from "fastify";
import type { PreheatReport, PurgeAck } from "../../sdk/purge.ts";
import { noPurges, parsePurgePosition } from "../../sdk/purge-position.ts";
import type { PreheatService } from "../purges/preheat-service.ts";
import type { PurgeService } from "../purges/purge-service.ts";
import type { PurgeSource } from "../purges/purge-source.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import { list, object } from "./schemas/json-schema.ts";
import {
  preheatInput,
  preheatReport,
  preheatResource,
  purgeAck,
  purgeInput,
  purgePositionText,
  purgeResource,
  purgesMessage,
  waitQuery,
} from "./schemas/purge-schemas.ts";

export interface PurgeRouteServices {
  readonly purges: PurgeService;
  readonly purgeSource: PurgeSource;
  readonly preheats: PreheatService;
}

interface OneTask {
  Params: { id: string };
  Querystring: { waitSeconds: number };
}

export function registerPurgeRoutes(app: FastifyInstance, services: PurgeRouteServices): void {
  registerPurges(app, services.purges);
  registerPreheats(app, services.preheats);
  registerNodeSide(app, services);
}

function registerPurges(app: FastifyInstance, purges: PurgeService): void {
  const config = { access: access.publisher };
  app.post(
    "/v1/purges",
    {
      config: { ...config, audit: { action: "createPurge", resource: ["purge"], detail: ["type", "mode", "domain"] } },
      schema: {
        summary: "Purge what caches hold by URL, directory, tag, or all of it",
        body: purgeInput,
        response: answers(201, purgeResource),
      },
    },
    async (request, reply) => reply.code(201).send(await purges.create(request.body)),
  );
  app.get(
    "/v1/purges",
    {
      config,
      schema: { summary: "The newest purges", response: answers(200, object({ purges: list(purgeResource) })) },
    },
    async () => ({ purges: await purges.list() }),
  );
  app.get<OneTask>(
    "/v1/purges/:id",
    {
      config,
      schema: {
        summary: "One purge; with waitSeconds, once every connected node did it or the time is over",
        params: pathParameters("id"),
        querystring: waitQuery,
        response: answers(200, purgeResource),
      },
    },
    ({ params: { id }, query: { waitSeconds } }) => purges.get(id, waitSeconds),
  );
}

function registerPreheats(app: FastifyInstance, preheats: PreheatService): void {
  const config = { access: access.publisher };
  app.post(
    "/v1/preheats",
    {
      config: { ...config, audit: { action: "createPreheat", resource: ["preheat"] } },
      schema: {
        summary: "Let every connected node fetch URLs into its cache",
        body: preheatInput,
        response: answers(201, preheatResource),
      },
    },
    async (request, reply) => reply.code(201).send(await preheats.create(request.body)),
  );
  app.get(
    "/v1/preheats",
    {
      config,
      schema: { summary: "The newest preheats", response: answers(200, object({ preheats: list(preheatResource) })) },
    },
    async () => ({ preheats: preheats.list() }),
  );
  app.get<OneTask>(
    "/v1/preheats/:id",
    {
      config,
      schema: {
        summary: "One preheat; with waitSeconds, once every node has reported or the time is over",
        params: pathParameters("id"),
        querystring: waitQuery,
        response: answers(200, preheatResource),
      },
    },
    ({ params: { id }, query: { waitSeconds } }) => preheats.get(id, waitSeconds),
  );
}

function registerNodeSide(app: FastifyInstance, { purges, purgeSource, preheats }: PurgeRouteServices): void {
  const config = { access: access.node };
  app.get<{ Querystring: { position: string } }>(
    "/v1/nodes/purges",
    {
      config,
      schema: {
        summary: "What a node missed, asked before it serves",
        querystring: object({ position: purgePositionText }),
        response: answers(200, purgesMessage),
      },
    },
    ({ query: { position } }) => purgeSource.missedSince(parsePurgePosition(position) ?? noPurges),
  );
  app.post<{ Body: PurgeAck }>(
    "/v1/nodes/purge-acks",
    { config, schema: { summary: "A node has purged", body: purgeAck, response: noContent } },
    async (request, reply) => {
      await purges.acknowledge(request.body);
      return reply.code(204).send();
    },
  );
  app.post<{ Body: PreheatReport }>(
    "/v1/nodes/preheat-results",
    { config, schema: { summary: "What a preheat came to on a node", body: preheatReport, response: noContent } },
    async (request, reply) => {
      preheats.report(request.body);
      return reply.code(204).send();
    },
  );
}
