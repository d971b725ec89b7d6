/**
 * The FunctionGraph-compatible API, `/v2/:project/fgs/…` (interfaces.md §3): a part of the REST application with its own checks and error answers.
 *
 * Its bodies are bytes until their signature was checked. Invariant: every answer that is not a success has the form `{error_code, error_msg}`.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Logger } from "../../logger.ts";
import { answerFgsError, FgsError } from "../../functiongraph/fgs-error.ts";
import type { FgsAliasService } from "../../functiongraph/fgs-alias-service.ts";
import type { FgsAsync } from "../../functiongraph/fgs-async.ts";
import type { FgsDependencies } from "../../functiongraph/fgs-dependencies.ts";
import type { FgsQuotas } from "../../functiongraph/fgs-quotas.ts";
import type { FgsTriggers } from "../../functiongraph/fgs-triggers.ts";
import type { FgsFunctionService } from "../../functiongraph/fgs-function-service.ts";
import type { FgsInvocation } from "../../functiongraph/fgs-invocation.ts";
import type { FgsReserved } from "../../functiongraph/fgs-reserved.ts";
import type { FgsSnapshot } from "../../functiongraph/fgs-snapshot.ts";
import type { FgsTags } from "../../functiongraph/fgs-tags.ts";
import type { FgsTestEvents } from "../../functiongraph/fgs-test-events.ts";
import type { FgsTransfer } from "../../functiongraph/fgs-transfer.ts";
import type { Body } from "../../functiongraph/function-settings.ts";
import { parseUrn, type FunctionUrn } from "../../functiongraph/urn.ts";
import { retryAfterSeconds } from "../error-answer.ts";
import { installSignedAccess, type SignedAccessOptions } from "./signed-access.ts";
import { UnverifiedBodies } from "./unverified-bodies.ts";
import { registerFgsFunctions } from "./fgs-function-routes.ts";
import { registerFgsInvocations } from "./fgs-invocation-routes.ts";
import { registerFgsResources } from "./fgs-resource-routes.ts";
import { registerFgsReserved } from "./fgs-reserved-routes.ts";

export interface FgsServices {
  readonly fgsFunctions: FgsFunctionService;
  readonly fgsAliases: FgsAliasService;
  readonly fgsInvocation: FgsInvocation;
  readonly fgsTestEvents: FgsTestEvents;
  readonly fgsSnapshot: FgsSnapshot;
  readonly fgsTags: FgsTags;
  readonly fgsAsync: FgsAsync;
  readonly fgsTransfer: FgsTransfer;
  readonly fgsDependencies: FgsDependencies;
  readonly fgsQuotas: FgsQuotas;
  readonly fgsTriggers: FgsTriggers;
  readonly fgsReserved: FgsReserved;
}

/** A ZIP of 50 MiB in base64, and what is around it. */
export const fgsBodyBytesMax = 75_497_472;

export async function registerFgs(
  app: FastifyInstance,
  {
    services,
    logger,
    ...access
  }: Omit<SignedAccessOptions, "bodies"> & { readonly services: FgsServices; readonly logger: Logger },
): Promise<void> {
  await app.register(async (fgs) => {
    fgs.removeAllContentTypeParsers();
    fgs.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: fgsBodyBytesMax }, (_request, body, done) => {
      done(null, body);
    });
    // Schemas would be checked before the signature; the services check everything themselves.
    fgs.setValidatorCompiler(() => () => true);
    fgs.setErrorHandler((error, request, reply) => {
      const { status, body } = answerFgsError(error);
      if (status === 429) void reply.header("retry-after", String(retryAfterSeconds(error)));
      if (status >= 500) logger.error({ err: error, requestId: request.id }, "fgs_request_failed");
      return reply.code(status).header("x-request-id", request.id).send(body);
    });
    installSignedAccess(fgs, { ...access, bodies: new UnverifiedBodies(access) });
    registerFgsFunctions(fgs, services);
    registerFgsInvocations(fgs, services);
    registerFgsResources(fgs, services);
    registerFgsReserved(fgs, services);
    await Promise.resolve();
  });
}

/** The JSON object of a request. @throws FgsError FSS.0400. */
export function bodyOf(request: FastifyRequest): Body {
  const text = textOf(request);
  if (text === "") return {};
  try {
    const parsed = JSON.parse(text) as unknown;
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Body;
  } catch {
    // Answered below.
  }
  throw new FgsError("FSS.0400", "body: allowed: a JSON object");
}

export function textOf(request: FastifyRequest): string {
  return Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "";
}

/** The function that the path names, in the project of the path. @throws FgsError FSS.1309. */
export function urnOf(request: FastifyRequest): FunctionUrn {
  const { project, urn } = request.params as { readonly project: string; readonly urn: string };
  const parsed = parseUrn(urn);
  if (parsed !== null && parsed.project === project) return parsed;
  throw new FgsError(
    "FSS.1309",
    "func_urn: allowed: urn:fss:REGION:PROJECT:function:PACKAGE:NAME[:VERSION or :!ALIAS]",
  );
}

export function projectOf(request: FastifyRequest): string {
  const { project } = request.params as { readonly project: string };
  if (/^[A-Za-z0-9_-]{1,64}$/.test(project)) return project;
  throw new FgsError("FSS.0400", 'project_id: allowed: 1..64 letters, digits, "_" and "-"');
}

/** @throws FgsError FSS.0400 for a parameter that is there twice. */
export function queryOf(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const entries = Object.entries(request.query as Readonly<Record<string, unknown>>);
  if (entries.every(([, value]) => typeof value === "string"))
    return Object.fromEntries(entries) as Record<string, string>;
  throw new FgsError("FSS.0400", "query: a parameter is there twice");
}
