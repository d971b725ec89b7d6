/**
 * Routes that change something leave an audit record: with the change where there is one, else before the answer goes out.
 *
 * A route says what is recorded of it (`config.audit`). Refusals are recorded of callers with a valid token only: others are nobody, and could fill
 * the store. Invariant: a record is made of the request's path, of few named fields of its body, and of its caller; never of a secret.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { auditLimits, type AuditLevel } from "../../sdk/audit.ts";
import { AuditedCall, type AuditTrail } from "../audit/audit-trail.ts";
import type { AuditService } from "../audit/audit-service.ts";
import { timestamp, type Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { NewAuditRecord } from "../store.ts";

/** What is recorded of a route. */
export interface AuditedRoute {
  readonly action: string;
  /** Parts of what it is done to: names as they are, `:name` for a path parameter, `body.name` for a field of the body. */
  readonly resource: readonly string[];
  /** Fields of the body that are recorded as `name=value`. */
  readonly detail?: readonly string[];
  /** Of success. Default: normal. */
  readonly level?: AuditLevel;
  /** A field of the query: with the first only requests where it is true are recorded, with the second only those where it is not. */
  readonly onlyIf?: string;
  readonly unless?: string;
}

declare module "fastify" {
  interface FastifyContextConfig {
    audit?: AuditedRoute;
  }
  interface FastifyRequest {
    audited: AuditedCall | null;
  }
}

export interface RecordAuditOptions {
  readonly trail: AuditTrail;
  readonly audit: AuditService;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Must run before the first route. */
export function recordAudit(app: FastifyInstance, options: RecordAuditOptions): void {
  const { trail, audit, clock, logger } = options;
  app.decorateRequest("audited", null);
  app.addHook("onRoute", (route) => {
    const audited = route.config?.audit;
    if (audited === undefined) return;
    const { handler } = route;
    route.handler = function (request, reply): unknown {
      if (!isRecorded(audited, request)) return handler.call(this, request, reply);
      const call = new AuditedCall(() => describe(request, { audited, status: 200, clock }));
      request.audited = call;
      return trail.run(call, () => handler.call(this, request, reply));
    };
  });
  app.addHook("onSend", (request, reply, payload, done) => {
    const audited = request.routeOptions.config.audit;
    const status = reply.statusCode;
    const call = request.audited;
    const isDone =
      audited === undefined ||
      request.caller === null ||
      !isRecorded(audited, request) ||
      // Whatever came afterwards, the change was made and its record with it.
      call?.isRecorded === true ||
      (call === null && status < 400);
    if (isDone) return done(null, payload);
    void record({ request, audited, call, status, payload }).finally(() => done(null, payload));
  });

  async function record({ request, audited, call, status, payload }: Answered): Promise<void> {
    try {
      if (call !== null && status < 400) call.isRecorded = true;
      const code = status < 400 ? null : codeOf(payload);
      const made = describe(request, { audited, status, clock });
      await audit.add({ ...(call?.about(made) ?? made), code });
    } catch (error) {
      logger.error({ error, requestId: request.id, action: audited.action }, "audit_failed");
    }
  }
}

/** A request whose answer is about to go out. */
interface Answered {
  readonly request: FastifyRequest;
  readonly audited: AuditedRoute;
  readonly call: AuditedCall | null;
  readonly status: number;
  readonly payload: unknown;
}

function isRecorded({ onlyIf, unless }: AuditedRoute, request: FastifyRequest): boolean {
  const query = Object(request.query) as Record<string, unknown>;
  if (onlyIf !== undefined) return query[onlyIf] === true || query[onlyIf] === "true";
  return unless === undefined || query[unless] !== true;
}

function describe(
  request: FastifyRequest,
  { audited, status, clock }: { readonly audited: AuditedRoute; readonly status: number; readonly clock: Clock },
): NewAuditRecord {
  const detail = (audited.detail ?? []).flatMap((name) => {
    const value = fieldOf(request.body, name);
    return value === "" ? [] : [`${name}=${value}`];
  });
  return {
    time: timestamp(clock),
    actor: request.caller?.name ?? "",
    tokenId: request.caller?.tokenId ?? "",
    action: audited.action,
    resource: cut(audited.resource.map((part) => partOf(request, part)).join("/")),
    detail: cut(detail.join(" ")),
    level: levelOf(audited, status),
    outcome: status < 400 ? "success" : status < 500 ? "refused" : "failed",
    code: null,
    requestId: request.id,
  };
}

function levelOf({ level = "normal" }: AuditedRoute, status: number): AuditLevel {
  if (status < 400) return level;
  return status < 500 ? "warning" : "incident";
}

function partOf({ params, body }: FastifyRequest, part: string): string {
  if (part.startsWith(":")) return fieldOf(params, part.slice(1));
  return part.startsWith("body.") ? fieldOf(body, part.slice(5)) : part;
}

/** Of a body that may not be checked yet: anything but a short value is left out. */
function fieldOf(value: unknown, name: string): string {
  const field: unknown = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : "";
  return ["string", "number", "boolean"].includes(typeof field) ? cut(String(field)) : "";
}

function cut(text: string): string {
  return text.slice(0, auditLimits.textCharsMax);
}

/** The code in an `ErrorBody`, or in what clients of FunctionGraph are answered. */
function codeOf(payload: unknown): string | null {
  if (typeof payload !== "string") return null;
  return /^\{"error(?:":\{"|_)code":"([A-Z_]+|FSS\.[0-9]{4})"/.exec(payload)?.[1] ?? null;
}
