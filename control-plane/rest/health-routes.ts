/** `/healthz`, open to anybody: whether the control plane answers and can read its store. */
import type { FastifyInstance } from "fastify";
import type { RevisionService } from "../rollout/revision-service.ts";
import { access } from "./access.ts";
import { answers } from "./route-schema.ts";
import { health } from "./schemas/access-schemas.ts";

export function registerHealthRoutes(
  app: FastifyInstance,
  { revisions, version }: { readonly revisions: RevisionService; readonly version: string },
): void {
  app.get(
    "/healthz",
    {
      config: { access: access.open },
      schema: { summary: "Whether the control plane works", response: answers(200, health) },
    },
    async () => ({ status: "ok", version, revision: await revisions.current() }),
  );
}
