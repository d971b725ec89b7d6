/**
 * One health check: a request of the node's own to a source, and whether the answer is what a well source says.
 *
 * Knows no health and no rhythm. Invariant: it ends within the check's timeout, reads a bounded piece of the answer, and uses a connection of its
 * own, so that a source whose connections are all at work is not taken for dead.
 */
import { emptyBody, type Body } from "../../runtime/body.ts";
import { originLimits } from "../../sdk/cdn-limits.ts";
import type { Clock } from "../clock.ts";
import { nextCdnLoop } from "../pipeline/loop-guard.ts";
import type { Connections } from "./connections.ts";
import type { CompiledHealthCheck } from "./domain-origins.ts";
import { startExchange } from "./http-exchange.ts";

export interface CheckedPlace {
  /** `http(s)://host:port`. */
  readonly origin: string;
  readonly host: string;
  readonly certificate: "checked" | "any";
  readonly check: CompiledHealthCheck;
}

/** Whether the source answered as expected. Never rejects; false when `signal` ended it. */
export async function checkSource(
  {
    connections,
    clock,
    signal,
  }: { readonly connections: Connections; readonly clock: Clock; readonly signal: AbortSignal },
  { origin, host, certificate, check }: CheckedPlace,
): Promise<boolean> {
  const { timeoutMs } = check;
  const place = { origin, serverName: host, certificate, connectTimeoutMs: timeoutMs, socketsMax: 1 };
  const running = startExchange(connections.pool(place), {
    method: check.method,
    target: check.path,
    headers: `host:${host}\naccept:*/*\nuser-agent:selvage-health-check\ncdn-loop:${nextCdnLoop("")}\n`,
    body: emptyBody,
    headTimeoutMs: timeoutMs,
    idleTimeoutMs: timeoutMs,
  });
  const abort = (): void => running.abort();
  const cancelTimer = clock.after(timeoutMs, abort);
  signal.addEventListener("abort", abort, { once: true });
  try {
    const result = await running.result;
    if (result.kind === "failed") return false;
    await readSome(result.body);
    return check.isExpected(result.status);
  } catch {
    // The body broke off: a source that is well ends what it begins.
    return false;
  } finally {
    cancelTimer();
    signal.removeEventListener("abort", abort);
  }
}

/** So that the connection can be used again. */
async function readSome(body: Body): Promise<void> {
  if (body.kind !== "stream") return;
  let bytes = 0;
  for await (const chunk of body.chunks) {
    bytes += chunk.byteLength;
    if (bytes > originLimits.checkBodyBytesMax) return;
  }
}
