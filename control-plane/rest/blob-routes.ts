/** `/v1/blobs`: sources on their way in, artifacts on their way out. Nodes read artifacts only, never sources. */
import type { FastifyInstance } from "fastify";
import type { BlobUpload, MissingBlobs } from "../../sdk/api.ts";
import { publishLimits } from "../../sdk/limits.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Uploads } from "../blobs/uploads.ts";
import { notFound } from "../control-error.ts";
import { access } from "./access.ts";
import { answers, noContent } from "./route-schema.ts";
import { blobUpload, missingBlobs, missingBlobsAnswer } from "./schemas/access-schemas.ts";
import { digest, object } from "./schemas/json-schema.ts";

export interface BlobRouteServices {
  readonly uploads: Uploads;
  readonly artifacts: BlobStore;
}

export function registerBlobRoutes(app: FastifyInstance, { uploads, artifacts }: BlobRouteServices): void {
  app.post<{ Body: MissingBlobs }>(
    "/v1/blobs/missing",
    {
      config: { access: access.publisher },
      bodyLimit: publishLimits.requestBytesMax,
      schema: {
        summary: "Which of these still have to be uploaded",
        body: missingBlobs,
        response: answers(200, missingBlobsAnswer),
      },
    },
    async (request) => ({ missing: await uploads.missing(request.body.digests) }),
  );
  app.post<{ Body: BlobUpload }>(
    "/v1/blobs",
    {
      config: { access: access.publisher },
      bodyLimit: publishLimits.requestBytesMax,
      schema: { summary: "Upload source files", body: blobUpload, response: noContent },
    },
    async (request, reply) => {
      await uploads.put(request.body.blobs);
      return reply.code(204).send();
    },
  );
  app.get<{ Params: { digest: string } }>(
    "/v1/blobs/:digest",
    {
      config: { access: access.nodeOrAdmin },
      schema: {
        summary: "The bytes of an artifact",
        params: object({ digest }),
        response: answers(200, { type: "string", format: "binary" }),
      },
    },
    async (request, reply) => {
      const bytes = await artifacts.read(request.params.digest);
      if (bytes === null) throw notFound(`blob "${request.params.digest}"`);
      return reply
        .header("content-type", "application/octet-stream")
        .header("cache-control", "no-store")
        .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    },
  );
}
