/**
 * Who may call which route: bearer tokens, checked before anything of the request's body is read.
 *
 * Invariant: a route says who may call it (`config.access`) or cannot be registered; paths without a route need a token as well.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { TokenRole } from "../../sdk/api.ts";
import { ControlError } from "../control-error.ts";
import type { Caller, TokenService } from "../tokens/token-service.ts";
import { isGeneratedToken } from "../tokens/token-text.ts";
import type { CallRates } from "./call-rates.ts";

/** `open`: anybody. A list: these roles; `admin` is always among them unless the list is only `node`. */
export type Access = "open" | readonly TokenRole[];

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/** Roles of the common kinds of routes. */
export const access: Readonly<Record<"open" | "admin" | "publisher" | "node" | "nodeOrAdmin", Access>> = {
  open: "open",
  admin: ["admin"],
  publisher: ["admin", "publisher"],
  node: ["node"],
  nodeOrAdmin: ["admin", "node"],
};

/** Installs the check; must run before the first route. */
export function installAccess(
  app: FastifyInstance,
  { tokens, rates }: { readonly tokens: TokenService; readonly rates: CallRates },
): void {
  app.decorateRequest("caller", null);
  app.addHook("onRoute", ({ method, url, config }) => {
    if (config?.access !== undefined) return;
    throw new Error(`Cannot register ${String(method)} ${url}: it does not say who may call it (config.access)`);
  });
  app.addHook("onRequest", async (request) => {
    refuseAfter(rates.fromAddress(request.ip));
    const allowed = request.is404 ? access.publisher : request.routeOptions.config.access;
    if (allowed === "open") return;
    const caller = await recognise(bearerToken(request), { tokens, rates, address: request.ip });
    // Nodes share one, and what they say must not be lost.
    if (caller.role !== "node") refuseAfter(rates.withToken(caller.tokenId));
    // Also of one that is refused: the refusal is recorded.
    request.caller = caller;
    if (!request.is404 && !allowed?.includes(caller.role)) throw new ControlError("FORBIDDEN");
  });
}

/** Whose token it is. @throws ControlError UNAUTHENTICATED, RATE_LIMITED after too many wrong ones. */
export async function recognise(
  token: string,
  { tokens, rates, address }: { readonly tokens: TokenService; readonly rates: CallRates; readonly address: string },
): Promise<Caller> {
  const canBeGuessed = !isGeneratedToken(token);
  // Before the lookup: the answer to a right guess must be the one to a wrong guess.
  if (canBeGuessed) refuseAfter(rates.untilTry(address));
  const caller = await tokens.authenticate(token);
  if (caller !== null) return caller;
  if (!canBeGuessed) refuseAfter(rates.untilTry(address));
  if (token !== "") rates.wrongToken(address);
  throw new ControlError("UNAUTHENTICATED");
}

/** @throws ControlError RATE_LIMITED unless `waitMs` is 0. */
export function refuseAfter(waitMs: number): void {
  if (waitMs <= 0) return;
  const seconds = Math.ceil(waitMs / 1_000);
  throw new ControlError("RATE_LIMITED", {
    message: `Too many requests: try again in ${String(seconds)} s.`,
    context: { retryAfterSeconds: seconds },
  });
}

/** The token a request carries, or the empty string (RFC 6750 §2.1). */
export function bearerToken(request: FastifyRequest): string {
  return /^bearer +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
}
