/** Invocations in the FunctionGraph-compatible API. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { eventLimits } from "../../../sdk/limits.ts";
import { access } from "../access.ts";
import { FgsError } from "../../functiongraph/fgs-error.ts";
import { textOf, urnOf, type FgsServices } from "./fgs-app.ts";

export function registerFgsInvocations(app: FastifyInstance, { fgsInvocation }: FgsServices): void {
  app.post(
    "/v2/:project/fgs/functions/:urn/invocations",
    { config: { access: access.open }, schema: { hide: true } },
    async (request, reply) => {
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
    },
  );
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}
