/** `/v1/nodes` and `/v1/revisions`: what nodes tell and are told, and how that is seen. */
import type { FastifyInstance } from "fastify";
import type { InvokeResults, LogRecord, NodeAck, NodeRegistration } from "../../sdk/desired-state.ts";
import { publishLimits } from "../../sdk/limits.ts";
import { parsePurgePosition } from "../../sdk/purge-position.ts";
import type { SharedLogs } from "../logs/shared-logs.ts";
import type { Fleet } from "../rollout/fleet.ts";
import type { InvocationService } from "../rollout/invocation-service.ts";
import type { NodeService } from "../rollout/node-service.ts";
import { waitSecondsMax, type RevisionService } from "../rollout/revision-service.ts";
import type { OpenAnswers } from "../tokens/open-answers.ts";
import { access, bearerToken } from "./access.ts";
import { openLines } from "./response-lines.ts";
import { answers, lines, noContent, pathParameters } from "./route-schema.ts";
import { invokeResults } from "./schemas/function-schemas.ts";
import { integer, list, object, text } from "./schemas/json-schema.ts";
import { purgePositionText } from "./schemas/purge-schemas.ts";
import {
  logBatch,
  nodeAck,
  nodeName,
  nodeRegistration,
  nodeResource,
  revisionResource,
} from "./schemas/node-schemas.ts";

export interface NodeRouteServices {
  readonly nodes: NodeService;
  readonly fleet: Fleet;
  readonly revisions: RevisionService;
  readonly invocations: InvocationService;
  readonly logs: SharedLogs;
  readonly openAnswers: OpenAnswers;
}

export function registerNodeRoutes(app: FastifyInstance, services: NodeRouteServices): void {
  registerNodeList(app, services.nodes);
  registerNodeStream(app, services);
  registerNodeReports(app, services);
  registerRevisions(app, services.revisions);
}

function registerNodeList(app: FastifyInstance, nodes: NodeService): void {
  app.get(
    "/v1/nodes",
    {
      config: { access: access.publisher },
      schema: { summary: "All nodes", response: answers(200, object({ nodes: list(nodeResource) })) },
    },
    async () => ({ nodes: await nodes.list() }),
  );
  app.delete<{ Params: { name: string } }>(
    "/v1/nodes/:name",
    {
      config: { access: access.admin, audit: { action: "deleteNode", resource: ["node", ":name"], level: "warning" } },
      schema: { summary: "Forget a node and end its connection", params: pathParameters("name"), response: noContent },
    },
    async (request, reply) => {
      await nodes.remove(request.params.name);
      return reply.code(204).send();
    },
  );
}

function registerNodeStream(app: FastifyInstance, { nodes, fleet, openAnswers }: NodeRouteServices): void {
  const config = { access: access.node };
  app.post<{ Body: NodeRegistration }>(
    "/v1/nodes",
    { config, schema: { summary: "Register a node", body: nodeRegistration, response: answers(200, nodeResource) } },
    (request) => nodes.register(request.body),
  );
  app.get<{ Querystring: { node: string; purges?: string } }>(
    "/v1/nodes/stream",
    {
      config,
      schema: {
        summary: "A node's stream: purges, whole states, heartbeats, invocations and preheats",
        querystring: object({ node: nodeName, purges: purgePositionText }, { optional: ["purges"] }),
        response: lines,
      },
    },
    async (request, reply) => {
      const { name } = await nodes.require(request.query.node);
      const purgePosition = parsePurgePosition(request.query.purges ?? "");
      const output = openLines(request, reply, { openAnswers });
      fleet.connect({ node: name, token: bearerToken(request), purgePosition, output });
    },
  );
}

function registerNodeReports(app: FastifyInstance, { revisions, invocations, logs }: NodeRouteServices): void {
  const config = { access: access.node };
  app.post<{ Body: NodeAck }>(
    "/v1/nodes/acks",
    { config, schema: { summary: "A node serves a revision", body: nodeAck, response: noContent } },
    async (request, reply) => {
      await revisions.acknowledge(request.body);
      return reply.code(204).send();
    },
  );
  app.post<{ Body: InvokeResults }>(
    "/v1/nodes/invocation-results",
    {
      config,
      bodyLimit: publishLimits.requestBytesMax * 2,
      schema: { summary: "Results of invocations", body: invokeResults, response: noContent },
    },
    async (request, reply) => {
      // A result after its deadline is nobody's fault and of no use.
      for (const result of request.body.results) invocations.settle(result);
      return reply.code(204).send();
    },
  );
  app.post<{ Body: { records: readonly LogRecord[] } }>(
    "/v1/nodes/logs",
    { config, schema: { summary: "Log records of a node", body: logBatch, response: noContent } },
    async (request, reply) => {
      logs.add(request.body.records);
      return reply.code(204).send();
    },
  );
}

function registerRevisions(app: FastifyInstance, revisions: RevisionService): void {
  app.get<{ Params: { revision: string }; Querystring: { waitSeconds: number } }>(
    "/v1/revisions/:revision",
    {
      config: { access: access.publisher },
      schema: {
        summary: "Who serves a revision; with waitSeconds, once every connected node does or the time is over",
        params: object({
          revision: text({ pattern: "^(?:current|[0-9]{1,15})$", description: "a revision's number, or current" }),
        }),
        querystring: object(
          { waitSeconds: integer({ min: 0, max: waitSecondsMax, default: 0 }) },
          { optional: ["waitSeconds"] },
        ),
        response: answers(200, revisionResource),
      },
    },
    async ({ params: { revision }, query: { waitSeconds } }) => {
      const number = revision === "current" ? await revisions.current() : Number(revision);
      return revisions.waitFor(number, waitSeconds);
    },
  );
}
