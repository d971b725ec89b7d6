/** Tokens, blobs, health and errors in JSON Schema; the types are in sdk/api.ts and sdk/error-code.ts. */
import { errorCodes } from "../../../sdk/error-code.ts";
import { publishLimits } from "../../../sdk/limits.ts";
import { boolean, choice, digest, integer, list, literal, nullable, object, text, time } from "./json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";

const role = choice(["admin", "publisher", "node"]);
const token = { id: text(), name: text(), role, createdAt: time };

export const tokenInput: JsonSchema = object({ name: text({ minLength: 1, maxLength: 63 }), role });
export const tokenResource: JsonSchema = object(token);
export const tokenCreated: JsonSchema = object({ ...token, token: text() });

const accessKeyRole = choice(["admin", "publisher"]);
const accessKey = { id: text(), name: text(), role: accessKeyRole, createdAt: time };
export const accessKeyInput: JsonSchema = object({ name: text({ minLength: 1, maxLength: 63 }), role: accessKeyRole });
export const accessKeyResource: JsonSchema = object(accessKey);
export const accessKeyCreated: JsonSchema = object({ ...accessKey, secret: text() });

export const missingBlobs: JsonSchema = object({ digests: list(digest, { maxItems: publishLimits.sourceFilesMax }) });
export const missingBlobsAnswer: JsonSchema = object({ missing: list(digest) });
export const blobUpload: JsonSchema = object({
  blobs: list(object({ digest, base64: text({ maxLength: publishLimits.requestBytesMax }) }), {
    minItems: 1,
    maxItems: publishLimits.sourceFilesMax,
  }),
});

const backup = object({ lastAt: nullable(time), isFailing: boolean });
export const health: JsonSchema = object(
  { status: literal("ok"), version: text(), revision: integer({ min: 0 }), backup },
  { optional: ["backup"] },
);

export const errorBody: JsonSchema = object({
  error: object(
    {
      code: choice(Object.keys(errorCodes)),
      message: text(),
      requestId: text(),
      problems: list(object({ path: text(), message: text() })),
    },
    { optional: ["problems"] },
  ),
});
