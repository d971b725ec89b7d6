/**
 * Who may call the FunctionGraph routes: requests signed with an access key, or with an API token in `X-Auth-Token`.
 *
 * Invariants: nothing of a body is looked at before its signature was checked; of an unsigned or stale request no body is read at all; bodies that
 * are not checked yet have bounded room (`UnverifiedBodies`), which they leave at once when they are; whichever part of the proof is wrong, the
 * answer is the same.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, RequestPayload } from "fastify";
import type { AccessKeyService, OpenedAccessKey } from "../../access-keys/access-key-service.ts";
import type { Clock } from "../../clock.ts";
import { ControlError } from "../../control-error.ts";
import { FgsError } from "../../functiongraph/fgs-error.ts";
import {
  isSameSignature,
  parseAuthorization,
  parseSignatureDate,
  signatureOf,
  signatureWindowMs,
  type Authorization,
} from "../../functiongraph/request-signature.ts";
import type { TokenService } from "../../tokens/token-service.ts";
import { recognise, refuseAfter } from "../access.ts";
import { clientNetwork, type CallRates } from "../call-rates.ts";
import { CountedBody } from "./counted-body.ts";
import type { UnverifiedBodies, UnverifiedBody } from "./unverified-bodies.ts";

export interface SignedAccessOptions {
  readonly tokens: TokenService;
  readonly accessKeys: AccessKeyService;
  readonly rates: CallRates;
  readonly clock: Clock;
  readonly bodies: UnverifiedBodies;
}

interface Claim {
  readonly authorization: Authorization;
  readonly key: OpenedAccessKey;
  /** Null: none has come yet. */
  body: UnverifiedBody | null;
}

/** Installs the checks in `app`, whose bodies arrive as bytes. */
export function installSignedAccess(app: FastifyInstance, options: SignedAccessOptions): void {
  const claims = new WeakMap<FastifyRequest, Claim>();
  app.addHook("onRequest", async (request) => {
    const token = headerOf(request, "x-auth-token");
    if (token !== "") {
      const caller = await recognise(token, { ...options, address: request.ip });
      if (caller.role === "node") throw refused();
      refuseAfter(options.rates.withToken(caller.tokenId));
      request.caller = caller;
      return;
    }
    claims.set(request, await readClaim(request, options));
  });
  app.addHook("preParsing", (request, reply, payload, done) => {
    const claim = claims.get(request);
    done(null, claim === undefined ? payload : countedBody({ request, reply, payload, claim, bodies: options.bodies }));
  });
  app.addHook("preValidation", (request, _reply, done) => {
    const claim = claims.get(request);
    if (request.caller !== null) return done();
    const isRight = claim !== undefined && isSigned(request, claim);
    claim?.body?.leave();
    if (!isRight) return done(refused());
    try {
      refuseAfter(options.rates.withToken(claim.key.id));
      request.caller = { tokenId: claim.key.id, name: claim.key.name, role: claim.key.role };
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}

async function readClaim(request: FastifyRequest, { accessKeys, clock }: SignedAccessOptions): Promise<Claim> {
  const authorization = parseAuthorization(headerOf(request, "authorization"));
  const signedAt = parseSignatureDate(headerOf(request, "x-sdk-date"));
  if (authorization === null || signedAt === null) throw refused();
  if (Math.abs(clock.now() - signedAt) > signatureWindowMs) throw refused();
  // What decides what a request means has to be part of what was signed.
  if (!["host", "x-sdk-date"].every((name) => authorization.signedHeaders.includes(name))) throw refused();
  const key = await accessKeys.open(authorization.accessKey);
  if (key === null) throw refused();
  return { authorization, key, body: null };
}

/** What one chunk takes beside its bytes, about: a body may come in chunks of one byte. */
const chunkBytes = 256;

/** What comes of the body, as far as there is room for it. Nothing is read before somebody reads this. */
function countedBody(parts: {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly payload: RequestPayload;
  readonly claim: Claim;
  readonly bodies: UnverifiedBodies;
}): RequestPayload {
  const { request, reply, payload, claim, bodies } = parts;
  const counted = new CountedBody(payload, (bytes) => {
    claim.body ??= enter();
    return claim.body.take(bytes + chunkBytes) ? null : noRoom();
  });
  return counted;

  function enter(): UnverifiedBody {
    const body = bodies.enter(clientNetwork(request.ip), () => counted.destroy(noRoom()));
    // After that, nobody would say that it has left.
    if (reply.raw.destroyed) body.leave();
    else reply.raw.once("close", body.leave);
    return body;
  }
}

function noRoom(): ControlError {
  return new ControlError("RATE_LIMITED", {
    message: "Too many bodies of requests are arriving whose signature is not checked yet: try again in a moment.",
  });
}

function isSigned(request: FastifyRequest, { authorization, key }: Claim): boolean {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : value]),
  );
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const { signedHeaders, signature } = authorization;
  const signed = { method: request.method, target: request.raw.url ?? "/", headers, body };
  const expected = signatureOf(signed, { secretKey: key.secret, signedHeaders });
  return expected !== null && isSameSignature(expected, signature);
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}

function refused(): FgsError {
  return new FgsError("FSS.0401", "Incorrect IAM authentication information: the signature does not fit");
}
