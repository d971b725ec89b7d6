/** Rollouts in steps, and the counters they are judged by. */
import type { FastifyInstance } from "fastify";
import { publishLimits, statisticsLimits } from "../../sdk/limits.ts";
import { stagedRolloutStates, type StagedRolloutState } from "../../sdk/staged-rollout.ts";
import type { NodeStatistics } from "../../sdk/statistics.ts";
import type { StagedRolloutService } from "../staged/staged-rollout-service.ts";
import type { StatisticsService } from "../statistics/statistics-service.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import { choice, integer, list, object, text } from "./schemas/json-schema.ts";
import {
  nodeStatistics,
  stagedRolloutInput,
  stagedRolloutResource,
  statisticsPage,
} from "./schemas/staged-rollout-schemas.ts";

export interface StagedRolloutRouteServices {
  readonly staged: StagedRolloutService;
  readonly statistics: StatisticsService;
}

export function registerStagedRolloutRoutes(app: FastifyInstance, services: StagedRolloutRouteServices): void {
  registerRollouts(app, services.staged);
  registerStatistics(app, services.statistics);
}

const config = { access: access.publisher };

function registerRollouts(app: FastifyInstance, staged: StagedRolloutService): void {
  app.post<{ Params: { name: string; alias: string } }>(
    "/v1/functions/:name/aliases/:alias/rollouts",
    {
      config: { ...config, audit: { action: "startRollout", resource: ["function", ":name", "alias", ":alias"] } },
      schema: {
        summary: "Move an alias in steps, and back when the new version is worse",
        params: pathParameters("name", "alias"),
        body: stagedRolloutInput,
        response: answers(201, stagedRolloutResource),
      },
    },
    async (request, reply) => {
      const { name, alias } = request.params;
      const author = { tokenId: request.caller?.tokenId ?? "" };
      const begun = await staged.begin({ functionName: name, alias }, { input: request.body, author });
      return reply.code(201).send(begun);
    },
  );
  app.get<{ Querystring: { function?: string; state?: StagedRolloutState } }>(
    "/v1/rollouts",
    {
      config,
      schema: {
        summary: "Rollouts in steps, newest first",
        querystring: object(
          { function: text({ maxLength: 256 }), state: choice(stagedRolloutStates) },
          { optional: ["function", "state"] },
        ),
        response: answers(200, object({ rollouts: list(stagedRolloutResource) })),
      },
    },
    async ({ query: { function: functionName, state } }) => ({
      rollouts: await staged.list({
        ...(functionName === undefined ? {} : { functionName }),
        ...(state === undefined ? {} : { state }),
      }),
    }),
  );
  const params = pathParameters("id");
  app.get<{ Params: { id: string } }>(
    "/v1/rollouts/:id",
    { config, schema: { summary: "One rollout in steps", params, response: answers(200, stagedRolloutResource) } },
    (request) => staged.get(request.params.id),
  );
  app.post<{ Params: { id: string } }>(
    "/v1/rollouts/:id/cancel",
    {
      config: { ...config, audit: { action: "cancelRollout", resource: ["rollout", ":id"] } },
      schema: {
        summary: "End a rollout and take its alias back",
        params,
        response: answers(200, stagedRolloutResource),
      },
    },
    (request) => staged.cancel(request.params.id),
  );
}

function registerStatistics(app: FastifyInstance, statistics: StatisticsService): void {
  const { windowSeconds } = statisticsLimits;
  app.get<{ Querystring: { seconds: number; function?: string } }>(
    "/v1/statistics",
    {
      config,
      schema: {
        summary: "What functions did in the last seconds, over all nodes",
        querystring: object(
          { seconds: integer({ min: 1, max: windowSeconds, default: 10 }), function: text({ maxLength: 256 }) },
          { optional: ["seconds", "function"] },
        ),
        response: answers(200, statisticsPage),
      },
    },
    ({ query: { seconds, function: functionName } }) =>
      Promise.resolve(statistics.page({ seconds, ...(functionName === undefined ? {} : { functionName }) })),
  );
  app.post<{ Body: NodeStatistics }>(
    "/v1/nodes/statistics",
    {
      config: { access: access.node },
      bodyLimit: publishLimits.requestBytesMax,
      schema: { summary: "What functions did on a node", body: nodeStatistics, response: noContent },
    },
    async (request, reply) => {
      statistics.add(request.body);
      return reply.code(204).send();
    },
  );
}
