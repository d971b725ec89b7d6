/** `/v1/backup`: all of the embedded store in one file, for administrators. */
import type { FastifyInstance } from "fastify";
import type { BackupService } from "../backups/backup-service.ts";
import { access } from "./access.ts";
import { answers } from "./route-schema.ts";

export function registerBackupRoutes(app: FastifyInstance, backups: BackupService): void {
  app.get(
    "/v1/backup",
    {
      config: { access: access.admin, audit: { action: "createBackup", resource: ["backup"], level: "warning" } },
      schema: {
        summary: "A backup with rows and artifacts, without the master key that its secrets are encrypted under",
        response: answers(200, { type: "string", format: "binary" }),
      },
    },
    async (_request, reply) => {
      const { bytes, stream } = await backups.create();
      return reply
        .header("content-type", "application/octet-stream")
        .header("content-length", bytes)
        .header("cache-control", "no-store")
        .send(stream);
    },
  );
}
