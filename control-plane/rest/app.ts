/**
 * The REST API as one Fastify application: checks, routes, error answers and the OpenAPI document made from the same schemas.
 *
 * Knows the services' faces and no store. It opens no port. Invariant: every answer that is not a success is an `ErrorBody`.
 */
import swagger from "@fastify/swagger";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { AuditService } from "../audit/audit-service.ts";
import type { AuditTrail } from "../audit/audit-trail.ts";
import type { BackupService } from "../backups/backup-service.ts";
import type { CertificateService } from "../certificates/certificate-service.ts";
import type { DependencyService } from "../dependencies/dependency-service.ts";
import type { QuotaService } from "../quotas/quota-service.ts";
import type { ReservedService } from "../reserved/reserved-service.ts";
import type { OpenAnswers } from "../tokens/open-answers.ts";
import type { TokenService } from "../tokens/token-service.ts";
import { ControlError } from "../control-error.ts";
import type { AccessKeyService } from "../access-keys/access-key-service.ts";
import { access, installAccess } from "./access.ts";
import { registerAccessKeyRoutes } from "./access-key-routes.ts";
import { registerFgs, type FgsServices } from "./functiongraph/fgs-app.ts";
import { registerAuditRoutes } from "./audit-routes.ts";
import { registerBackupRoutes } from "./backup-routes.ts";
import type { CallRates } from "./call-rates.ts";
import { registerBlobRoutes, type BlobRouteServices } from "./blob-routes.ts";
import { registerCallRoutes, type CallRouteServices } from "./call-routes.ts";
import { registerCertificateRoutes } from "./certificate-routes.ts";
import { registerDependencyRoutes } from "./dependency-routes.ts";
import { registerDomainRoutes, type DomainRouteServices } from "./domain-routes.ts";
import { registerDomainVersionRoutes } from "./domain-version-routes.ts";
import { answerError, retryAfterSeconds, toControlError } from "./error-answer.ts";
import { registerExplainRoutes, type ExplainRouteServices } from "./explain-routes.ts";
import { registerFunctionRoutes, type FunctionRouteServices } from "./function-routes.ts";
import { registerHealthRoutes } from "./health-routes.ts";
import { registerLogRoutes } from "./log-routes.ts";
import { registerNodeRoutes, type NodeRouteServices } from "./node-routes.ts";
import { refuseMalformed } from "./malformed-request.ts";
import { registerPurgeRoutes, type PurgeRouteServices } from "./purge-routes.ts";
import { registerPublishRoutes, type PublishRouteServices } from "./publish-routes.ts";
import { registerStagedRolloutRoutes, type StagedRolloutRouteServices } from "./staged-rollout-routes.ts";
import { registerQuotaRoutes } from "./quota-routes.ts";
import { registerReservedRoutes } from "./reserved-routes.ts";
import { recordAudit } from "./record-audit.ts";
import { registerTokenRoutes } from "./token-routes.ts";
import { installValidation } from "./validate.ts";

export interface AppServices
  extends
    FunctionRouteServices,
    PublishRouteServices,
    CallRouteServices,
    NodeRouteServices,
    ExplainRouteServices,
    BlobRouteServices,
    PurgeRouteServices,
    StagedRolloutRouteServices,
    FgsServices,
    DomainRouteServices {
  readonly certificates: CertificateService;
  readonly tokens: TokenService;
  readonly accessKeys: AccessKeyService;
  readonly openAnswers: OpenAnswers;
  readonly backups: BackupService;
  readonly quotas: QuotaService;
  readonly reserved: ReservedService;
  readonly audit: AuditService;
  readonly dependencies: DependencyService;
  readonly trail: AuditTrail;
}

export interface AppOptions {
  readonly services: AppServices;
  readonly rates: CallRates;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uniqueId: () => string;
  /** Of Selvage. */
  readonly version: string;
  /** Ends answers that go on for ever. */
  readonly closing: AbortSignal;
}

/** JSON bodies of routes that say nothing else. A node's batch of log records is the largest. */
const bodyBytesMax = 8_388_608;
/** The whole request must have arrived by then, milliseconds. */
const requestMs = 60_000;

export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { services, logger, uniqueId, version, closing } = options;
  const app = fastify({
    logger: false,
    genReqId: uniqueId,
    bodyLimit: bodyBytesMax,
    exposeHeadRoutes: false,
    forceCloseConnections: "idle",
    requestTimeout: requestMs,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => {
      const { status, body } = answerError(error, request.id);
      // Its type wants to know a route's answers, and there is no route yet.
      void (reply as unknown as FastifyReply).code(status).send(body);
    },
    clientErrorHandler: ({ code }, socket) => {
      refuseMalformed(socket, { reason: code, requestId: uniqueId() });
    },
  });
  app.removeContentTypeParser("text/plain");
  installRequestLog(app, options);
  installErrors(app, logger);
  installValidation(app);
  installAccess(app, { tokens: services.tokens, rates: options.rates });
  recordAudit(app, { trail: services.trail, audit: services.audit, clock: options.clock, logger });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Selvage control plane",
        version,
        description: "Every route but /healthz and /openapi.json needs a token.",
      },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
      security: [{ token: [] }],
    },
  });
  registerFunctionRoutes(app, services);
  registerPublishRoutes(app, services);
  registerCallRoutes(app, services);
  registerBlobRoutes(app, services);
  registerDomainRoutes(app, services);
  registerDomainVersionRoutes(app, services);
  registerCertificateRoutes(app, services.certificates);
  registerNodeRoutes(app, services);
  registerExplainRoutes(app, services);
  registerPurgeRoutes(app, services);
  registerStagedRolloutRoutes(app, services);
  registerLogRoutes(app, { ...services, closing });
  registerTokenRoutes(app, services.tokens);
  registerAccessKeyRoutes(app, services.accessKeys);
  await registerFgs(app, {
    services,
    logger,
    clock: options.clock,
    tokens: services.tokens,
    accessKeys: services.accessKeys,
    rates: options.rates,
  });
  registerQuotaRoutes(app, services.quotas);
  registerAuditRoutes(app, services.audit);
  registerBackupRoutes(app, services);
  registerDependencyRoutes(app, services.dependencies);
  registerReservedRoutes(app, services.reserved);
  registerHealthRoutes(app, { revisions: services.revisions, backups: services.backups, version });
  // It holds no data, only what the project's documentation says as well; tools that read it rarely send a token.
  app.get("/openapi.json", { config: { access: access.open }, schema: { hide: true } }, () => app.swagger());
  await app.ready();
  return app;
}

function installErrors(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler(async (error, request, reply) => {
    const { status, body } = answerError(error, request.id);
    if (status >= 500) {
      const { cause, context } = toControlError(error);
      logger.error(
        { requestId: request.id, code: body.error.code, error: cause ?? error, ...context },
        "request_failed",
      );
    }
    if (status === 429) void reply.header("retry-after", String(retryAfterSeconds(error)));
    if (status === 401) void reply.header("www-authenticate", "Bearer");
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler((request) => {
    throw new ControlError("NOT_FOUND", {
      message: `There is no ${request.method} ${request.url.split("?", 1)[0] ?? ""}.`,
    });
  });
}

function installRequestLog(app: FastifyInstance, { clock, logger }: AppOptions): void {
  const startedMs = new WeakMap<object, number>();
  app.addHook("onRequest", (request, reply, done) => {
    startedMs.set(request, clock.monotonicMs());
    void reply.header("x-request-id", request.id);
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const durationMs = Math.round(clock.monotonicMs() - (startedMs.get(request) ?? 0));
    const { method, id: requestId } = request;
    // The route as registered: a path of a request may hold what should not be in a log.
    const route = request.routeOptions.url ?? null;
    const tokenId = request.caller?.tokenId ?? null;
    logger.debug({ requestId, method, route, status: reply.statusCode, durationMs, tokenId }, "request_done");
    done();
  });
}
