/** `/healthz`, open to anybody: whether the control plane answers and can read its store. */
import type { FastifyInstance } from "fastify";
import type { BackupService } from "../backups/backup-service.ts";
import type { RevisionService } from "../rollout/revision-service.ts";
import { access } from "./access.ts";
import { answers } from "./route-schema.ts";
import { health } from "./schemas/access-schemas.ts";

export function registerHealthRoutes(
  app: FastifyInstance,
  {
    revisions,
    backups,
    version,
  }: { readonly revisions: RevisionService; readonly backups: BackupService; readonly version: string },
): void {
  app.get(
    "/healthz",
    {
      config: { access: access.open },
      schema: { summary: "Whether the control plane works", response: answers(200, health) },
    },
    async () => {
      const { state: backup } = backups;
      const health = { status: "ok", version, revision: await revisions.current() };
      return backup === null ? health : { ...health, backup };
    },
  );
}
