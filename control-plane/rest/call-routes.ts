/** `/v1/calls`, `/v1/queues`, a function's configuration of asynchronous calls, and what nodes report of calls. Accepting is in publish-routes.ts. */
import type { FastifyInstance } from "fastify";
import type { CallQuery, CallResults } from "../../sdk/calls.ts";
import { callLimits } from "../../sdk/call-limits.ts";
import type { AsyncConfigName, AsyncConfigService } from "../calls/async-config-service.ts";
import type { CallResultsIntake } from "../calls/call-results.ts";
import type { CallService } from "../calls/call-service.ts";
import { access } from "./access.ts";
import { answers, noContent, pathParameters } from "./route-schema.ts";
import {
  asyncConfigInput,
  asyncConfigResource,
  callPage,
  callQuery,
  callResource,
  callResults,
  messagesQuery,
  qualifierQuery,
  queuePage,
  throughQuery,
} from "./schemas/call-schemas.ts";
import { list, object, text } from "./schemas/json-schema.ts";

export interface CallRouteServices {
  readonly calls: CallService;
  readonly asyncConfigs: AsyncConfigService;
  readonly callResults: CallResultsIntake;
}

export function registerCallRoutes(app: FastifyInstance, services: CallRouteServices): void {
  registerCalls(app, services.calls);
  registerQueues(app, services.calls);
  registerConfigs(app, services.asyncConfigs);
  registerNodeSide(app, services.callResults);
}

const config = { access: access.publisher };

interface OneCall {
  Params: { id: string };
}

function registerCalls(app: FastifyInstance, calls: CallService): void {
  const params = pathParameters("id");
  app.get<{ Querystring: CallQuery }>(
    "/v1/calls",
    {
      config,
      schema: { summary: "Asynchronous calls, newest first", querystring: callQuery, response: answers(200, callPage) },
    },
    ({ query }) => calls.list(query),
  );
  app.get<OneCall>(
    "/v1/calls/:id",
    { config, schema: { summary: "One asynchronous call", params, response: answers(200, callResource) } },
    (request) => calls.get(request.params.id),
  );
  app.post<OneCall>(
    "/v1/calls/:id/cancel",
    {
      config: { ...config, audit: { action: "cancelCall", resource: ["call", ":id"] } },
      schema: {
        summary:
          "Cancel a call that waits or runs; what a node runs already runs to its end, and its result is dropped",
        params,
        response: answers(200, callResource),
      },
    },
    (request) => calls.cancel(request.params.id),
  );
}

interface OneQueue {
  Params: { queue: string };
}

function registerQueues(app: FastifyInstance, calls: CallService): void {
  const params = pathParameters("queue");
  app.get(
    "/v1/queues",
    { config, schema: { summary: "Queues with messages", response: answers(200, object({ queues: list(text()) })) } },
    async () => ({ queues: await calls.listQueues() }),
  );
  app.get<OneQueue & { Querystring: { after: number; limit: number } }>(
    "/v1/queues/:queue/messages",
    {
      config,
      schema: {
        summary: "Messages of a queue, oldest first",
        params,
        querystring: messagesQuery,
        response: answers(200, queuePage),
      },
    },
    ({ params: { queue }, query }) => calls.readMessages(queue, query),
  );
  app.delete<OneQueue & { Querystring: { through: number } }>(
    "/v1/queues/:queue/messages",
    {
      config: { ...config, audit: { action: "forgetMessages", resource: ["queue", ":queue"] } },
      schema: { summary: "Forget messages up to a number", params, querystring: throughQuery, response: noContent },
    },
    async ({ params: { queue }, query: { through } }, reply) => {
      await calls.forgetMessages(queue, through);
      return reply.code(204).send();
    },
  );
}

interface OneConfig {
  Params: { name: string };
  Querystring: { qualifier?: string };
}

function registerConfigs(app: FastifyInstance, configs: AsyncConfigService): void {
  const params = pathParameters("name");
  const path = "/v1/functions/:name/async-config";
  const nameOf = ({ params: { name }, query: { qualifier } }: NameParts): AsyncConfigName => ({
    functionName: name,
    qualifier: qualifier ?? null,
  });
  const schema = { params, querystring: qualifierQuery, response: answers(200, asyncConfigResource) };
  app.get<{ Params: { name: string } }>(
    "/v1/functions/:name/async-configs",
    {
      config,
      schema: {
        summary: "How a function's asynchronous calls are treated: what was set",
        params,
        response: answers(200, object({ configs: list(asyncConfigResource) })),
      },
    },
    async (request) => ({ configs: await configs.list(request.params.name) }),
  );
  app.get<OneConfig>(
    path,
    { config, schema: { ...schema, summary: "What was set for the function, or for one alias or version" } },
    (request) => configs.get(nameOf(request)),
  );
  app.put<OneConfig>(
    path,
    {
      config: { ...config, audit: { action: "setAsyncConfig", resource: ["function", ":name"] } },
      schema: { ...schema, summary: "Set how calls accepted from now on are treated", body: asyncConfigInput },
    },
    (request) => configs.set(nameOf(request), request.body),
  );
  app.delete<OneConfig>(
    path,
    {
      config: { ...config, audit: { action: "deleteAsyncConfig", resource: ["function", ":name"] } },
      schema: { ...schema, summary: "Back to what holds otherwise", response: noContent },
    },
    async (request, reply) => {
      await configs.delete(nameOf(request));
      return reply.code(204).send();
    },
  );
}

interface NameParts {
  readonly params: { readonly name: string };
  readonly query: { readonly qualifier?: string };
}

function registerNodeSide(app: FastifyInstance, results: CallResultsIntake): void {
  app.post<{ Body: CallResults }>(
    "/v1/nodes/call-results",
    {
      config: { access: access.node },
      // JSON may write one byte as six.
      bodyLimit: (callLimits.batchBytesMax + callLimits.resultBytesMax) * 6,
      schema: { summary: "What came of asynchronous calls", body: callResults, response: noContent },
    },
    async (request, reply) => {
      results.take(request.body.node, request.body.results);
      return reply.code(204).send();
    },
  );
}
