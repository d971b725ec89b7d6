/**
 * What `Cache.add` and `Cache.addAll` fetch before anything is stored (https://w3c.github.io/ServiceWorker/#cache-addAll).
 *
 * Invariant: either every response is one that may be stored, or none is handed on and no body is left open. A body that breaks off later
 * than its head keeps only its own entry from being stored.
 */
import { DOMException } from "../../web/core/dom-exception.ts";
import { fetch } from "../../web/fetch/fetch.ts";
import { type Request, requestStateIn } from "../../web/fetch/request.ts";
import type { RequestState } from "../../web/fetch/request-state.ts";
import { type ResponseState, responseStateIn } from "../../web/fetch/response.ts";
import { isSameEntry, refuseVaryAny } from "./vary.ts";

export interface Fetched {
  readonly request: RequestState;
  readonly response: ResponseState;
}

/** Rejects with the first failure: a network error, a status that is not ok or 206, `Vary: *` (TypeError), one entry twice (InvalidStateError). */
export async function fetchAll(requests: readonly Request[]): Promise<readonly Fetched[]> {
  const fetched: Fetched[] = [];
  try {
    const settled = await Promise.allSettled(requests.map(fetchOne));
    for (const result of settled) if (result.status === "fulfilled") fetched.push(result.value);
    for (const result of settled) if (result.status === "rejected") throw result.reason;
    for (const { response } of fetched) refuseStatus(response);
    refuseRepeated(fetched);
    return fetched;
  } catch (error) {
    for (const { response } of fetched) {
      const cancelled: Promise<void> | undefined = response.body?.stream().cancel(error);
      cancelled?.catch(() => undefined);
    }
    throw error;
  }
}

async function fetchOne(request: Request): Promise<Fetched> {
  const state = requestStateIn(request);
  return { request: state, response: responseStateIn(await fetch(request)) };
}

function refuseStatus(response: ResponseState): void {
  const { status } = response;
  if (status < 200 || status > 299 || status === 206) {
    throw new TypeError(`Cannot add to the cache: the answer's status is ${status}, allowed 200..299 except 206`);
  }
  refuseVaryAny(response);
}

function refuseRepeated(fetched: readonly Fetched[]): void {
  for (const [index, { request, response }] of fetched.entries()) {
    const repeated = fetched
      .slice(0, index)
      .some((earlier) => isSameEntry(response, { mine: request, other: earlier.request }));
    if (repeated) throw new DOMException("Cannot add to the cache: one request is given twice", "InvalidStateError");
  }
}
