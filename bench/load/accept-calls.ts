/**
 * Sends events to be run later over the ordinary REST route, on kept connections, and remembers which were accepted.
 *
 * Only what was answered with 202 counts as accepted. Ends after so many, after a time, or when the control plane goes.
 */
import { Pool } from "undici";

export interface AcceptOptions {
  readonly controlUrl: string;
  readonly token: string;
  readonly functionName: string;
  readonly connections: number;
  /** At most so many. */
  readonly count: number;
  /** No further request is sent after this time. */
  readonly seconds: number;
  /** Told how many were accepted so far. */
  readonly onAccepted?: (count: number) => void;
}

export interface Accepted {
  readonly ids: readonly string[];
  /** Requests that were answered otherwise, or not at all. */
  readonly failures: number;
  readonly elapsedMs: number;
  readonly latenciesMs: readonly number[];
}

/** Never rejects for what the control plane answers. */
export async function acceptCalls(options: AcceptOptions): Promise<Accepted> {
  const { controlUrl, token, functionName, connections, count, seconds, onAccepted } = options;
  const pool = new Pool(controlUrl, { connections, pipelining: 1 });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const ids: string[] = [];
  const latenciesMs: number[] = [];
  let failures = 0;
  let sent = 0;
  const startedAt = performance.now();
  const endAt = startedAt + seconds * 1_000;
  const work = async (): Promise<void> => {
    while (sent < count && failures < connections && performance.now() < endAt) {
      const n = sent++;
      const askedAt = performance.now();
      try {
        const body = JSON.stringify({ event: { n }, async: true });
        const path = `/v1/functions/${functionName}/invocations`;
        const answer = await pool.request({ path, method: "POST", headers, body });
        const accepted = (await answer.body.json()) as { readonly requestId?: string };
        if (answer.statusCode !== 202 || accepted.requestId === undefined) {
          failures++;
          continue;
        }
        ids.push(accepted.requestId);
        latenciesMs.push(performance.now() - askedAt);
        onAccepted?.(ids.length);
      } catch {
        failures++;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  const elapsedMs = performance.now() - startedAt;
  await pool.destroy();
  return { ids, failures, elapsedMs, latenciesMs };
}
