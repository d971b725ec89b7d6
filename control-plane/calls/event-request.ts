/** An event on its way to the handler: a request that no client can make, because no rule leads to this hook. Pure. */
import type { InvokeRequest } from "../../sdk/desired-state.ts";
import { wallLimit } from "../../sdk/wall-limit.ts";
import type { VersionRow } from "../store.ts";

/** `event`: JSON. `alias`: the alias that was asked for, or null. */
export function eventRequest(event: string, alias: string | null): InvokeRequest {
  const headers: [string, string][] = [["content-type", "application/json"]];
  if (alias !== null) headers.push(["x-cff-alias", alias]);
  return { method: "POST", url: "http://function.internal/", headers, body: Buffer.from(event).toString("base64") };
}

/** What the function itself may take, its initializer included. */
export function eventTimeoutMs({ limits, event }: Pick<VersionRow, "limits" | "event">): number {
  return wallLimit(limits, "event") + (event === null || event.initializer === null ? 0 : limits.initializerWallMs);
}
