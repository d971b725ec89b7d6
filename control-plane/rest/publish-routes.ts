/** Publishing a version and invoking one. */
import { eventRequestHeaders } from "../../sdk/event-answer.ts";
import type { FastifyInstance } from "fastify";
import { latestVersion } from "../../sdk/function-name.ts";
import type { InvokeInput, PublishRequest, SnapshotResource } from "../../sdk/api.ts";
import { publishLimits } from "../../sdk/limits.ts";
import type { CallService } from "../calls/call-service.ts";
import type { QualifiedVersions } from "../functions/qualified-versions.ts";
import type { PublishService } from "../publish/publish-service.ts";
import type { InvocationService } from "../rollout/invocation-service.ts";
import { invalidInput } from "../control-error.ts";
import { access } from "./access.ts";
import { prepareInvocation, withSizeOfHeader } from "./prepare-invocation.ts";
import { answers, pathParameters } from "./route-schema.ts";
import { callAccepted } from "./schemas/call-schemas.ts";
import {
  invokeInput,
  invokeResult,
  publishRequest,
  publishResult,
  snapshotResource,
} from "./schemas/function-schemas.ts";

export interface PublishRouteServices {
  readonly publishing: PublishService;
  readonly qualified: QualifiedVersions;
  readonly invocations: InvocationService;
  readonly calls: CallService;
}

interface Name {
  Params: { name: string };
}

export function registerPublishRoutes(app: FastifyInstance, services: PublishRouteServices): void {
  const { publishing, qualified, invocations, calls } = services;
  const config = { access: access.publisher };
  const params = pathParameters("name");
  const bodyLimit = publishLimits.requestBytesMax;
  app.post<Name & { Body: PublishRequest }>(
    "/v1/functions/:name/versions",
    {
      config: { ...config, audit: { action: "publishFunctionVersion", resource: ["function", ":name"] } },
      bodyLimit,
      schema: {
        summary: "Publish a version; 200 instead of 201 when only aliases were moved to an equal one",
        params,
        body: publishRequest,
        response: { ...answers(200, publishResult), ...answers(201, publishResult) },
      },
    },
    async (request, reply) => {
      const { result, created } = await publishing.publish(request.params.name, request.body);
      return reply.code(created ? 201 : 200).send(result);
    },
  );
  app.get<Name>(
    "/v1/functions/:name/snapshot",
    {
      config,
      schema: {
        summary: "The start-up snapshot of the version published last, or of the one that is being made",
        params,
        response: answers(200, snapshotResource),
      },
    },
    async ({ params: { name } }): Promise<SnapshotResource> => {
      if (publishing.isMakingSnapshot(name)) return { version: null, state: "making", bytes: 0, reason: "" };
      const { version } = await qualified.get(name, latestVersion);
      return { version: version.version, ...version.snapshot };
    },
  );
  app.post<Name & { Body: InvokeInput }>(
    "/v1/functions/:name/invocations",
    {
      config,
      bodyLimit,
      schema: {
        summary: "Run a function on one node; with async, accept its event durably, answer 202 and run it later",
        params,
        body: invokeInput,
        response: { ...answers(200, invokeResult), ...answers(202, callAccepted) },
      },
    },
    async ({ id, params: { name }, body, headers }, reply) => {
      if (body.async === true) {
        if (body.memoryMiB !== undefined) throw invalidInput([sizeOfAsync]);
        return reply.code(202).send(await calls.accept(body, { requestId: id, functionName: name }));
      }
      const { qualifier = latestVersion } = body;
      const { version, enabled } = await qualified.get(name, qualifier);
      const alias = qualifier === latestVersion || qualifier === version.version ? null : qualifier;
      const { phase, request, timeoutMs } = prepareInvocation(
        withSizeOfHeader(body, { header: headers[eventRequestHeaders.memory], version }),
        { version, enabled, alias },
      );
      const result = await invocations.invoke({ function: name, qualifier, phase, request }, { timeoutMs });
      // It was checked when the node sent it.
      return reply.type("application/json; charset=utf-8").serializer(JSON.stringify).send(result);
    },
  );
}

const sizeOfAsync = { path: "memoryMiB", message: "received beside async, allowed: with an event that is waited for" };
