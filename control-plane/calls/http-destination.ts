/**
 * Posts records of calls to HTTP destinations, to public addresses only unless the operator allows others.
 *
 * Each connection's own address is judged, so that a name which resolves differently the second time gains nothing. Redirects are not followed, and of
 * an answer only the status is read. Invariant: every request ends by `destinationLimits.answerMs`.
 */
import dns from "node:dns";
import net, { type LookupFunction } from "node:net";
import { Agent, type Dispatcher } from "undici";
import type { EgressPolicy } from "../../sdk/egress-policy.ts";
import { destinationLimits } from "../../sdk/call-limits.ts";

export type PostOutcome =
  | { readonly kind: "taken" }
  /** May work later. */
  | { readonly kind: "failed"; readonly message: string }
  /** Will not. */
  | { readonly kind: "refused"; readonly message: string };

export interface HttpDestinationOptions {
  readonly policy: EgressPolicy;
  /** Sent as `User-Agent`. */
  readonly userAgent: string;
  /** Default: the system's. */
  readonly resolver?: typeof dns.lookup;
}

export class HttpDestination {
  readonly #agent: Agent;
  readonly #options: HttpDestinationOptions;

  constructor(options: HttpDestinationOptions) {
    this.#options = options;
    const { answerMs, requestsPerOriginMax } = destinationLimits;
    this.#agent = new Agent({
      connections: requestsPerOriginMax,
      connect: { timeout: answerMs, lookup: checkedLookup(options) },
      headersTimeout: answerMs,
      bodyTimeout: answerMs,
      maxHeaderSize: 16_384,
      maxResponseSize: answerBytesMax,
    });
  }

  /** Never rejects. `body` is JSON. */
  async post(
    url: string,
    { body, requestId, signal }: { readonly body: string; readonly requestId: string; readonly signal: AbortSignal },
  ): Promise<PostOutcome> {
    const { policy, userAgent } = this.#options;
    const { origin, hostname, pathname, search } = new URL(url);
    if (isRefusedLiteral(hostname, policy)) return notAllowed;
    try {
      const response = await this.#agent.request({
        origin,
        path: pathname + search,
        method: "POST",
        headers: { "content-type": "application/json", "user-agent": userAgent, "x-cff-request-id": requestId },
        body,
        signal,
      });
      await discard(response.body);
      return judgeStatus(response.statusCode);
    } catch (error) {
      return describeFailure(error);
    }
  }

  /** Breaks what is under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** Of an answer's body that is read so that the connection can be used again. */
const answerBytesMax = 65_536;

const notAllowed: PostOutcome = { kind: "refused", message: "its address is not allowed" };

class NotAllowedError extends Error {}

/** Whether the host of a URL is itself an address, which is connected to without a lookup, and not allowed. */
export function isRefusedLiteral(hostname: string, policy: EgressPolicy): boolean {
  const literal = hostname.replace(/^\[|\]$/g, "");
  return net.isIP(literal) !== 0 && !policy.allows(literal);
}

/** Gives a connection those addresses of a name that are allowed. */
export function checkedLookup({
  policy,
  resolver = dns.lookup,
}: Pick<HttpDestinationOptions, "policy" | "resolver">): LookupFunction {
  return (hostname, options, callback) => {
    resolver(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = addresses.filter(({ address }) => policy.allows(address));
      const [first] = allowed;
      if (first === undefined) callback(new NotAllowedError("its address is not allowed"), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

async function discard(body: Dispatcher.ResponseData["body"]): Promise<void> {
  try {
    await body.dump({ limit: answerBytesMax });
  } catch {
    // The status has come, and nothing else matters.
  }
}

function judgeStatus(status: number): PostOutcome {
  if (status >= 200 && status < 300) return { kind: "taken" };
  const message = `it answered ${String(status)}`;
  const mayWorkLater = status >= 500 || status === 408 || status === 425 || status === 429;
  return { kind: mayWorkLater ? "failed" : "refused", message };
}

/** Whether a request failed because no address of its name is allowed. */
export function isAddressRefusal(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof NotAllowedError) return true;
  return false;
}

function describeFailure(error: unknown): PostOutcome {
  if (isAddressRefusal(error)) return notAllowed;
  const { code } = error as { readonly code?: unknown };
  return { kind: "failed", message: typeof code === "string" ? `no answer: ${code}` : "no answer" };
}
