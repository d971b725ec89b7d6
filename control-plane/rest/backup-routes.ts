/** `/v1/backup`: all of the embedded store in one file, for administrators. */
import type { FastifyInstance } from "fastify";
import type { BackupService } from "../backups/backup-service.ts";
import type { OpenAnswers } from "../tokens/open-answers.ts";
import { access } from "./access.ts";
import { endWithToken } from "./response-lines.ts";
import { answers } from "./route-schema.ts";

export function registerBackupRoutes(
  app: FastifyInstance,
  { backups, openAnswers }: { readonly backups: BackupService; readonly openAnswers: OpenAnswers },
): void {
  app.get(
    "/v1/backup",
    {
      config: { access: access.admin, audit: { action: "createBackup", resource: ["backup"], level: "warning" } },
      schema: {
        summary: "A backup with rows and artifacts, without the master key that its secrets are encrypted under",
        response: answers(200, { type: "string", format: "binary" }),
      },
    },
    async (request, reply) => {
      const { bytes, stream } = await backups.create();
      endWithToken(request, reply, { openAnswers });
      return reply
        .header("content-type", "application/octet-stream")
        .header("content-length", bytes)
        .header("cache-control", "no-store")
        .send(stream);
    },
  );
}
