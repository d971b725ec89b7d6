/** An event on its way to the handler: a request that no client can make, because no rule leads to this hook. Pure. */
import type { InvokeRequest } from "../../sdk/desired-state.ts";
import { eventRequestHeaders } from "../../sdk/event-answer.ts";
import { wallLimit } from "../../sdk/wall-limit.ts";
import type { VersionRow } from "../store.ts";

/** `event`: JSON. `alias`: the alias that was asked for, or null. `memoryMiB`: the size of the instance, or null for the version's own. */
export function eventRequest(event: string, alias: string | null, memoryMiB: number | null = null): InvokeRequest {
  const headers: [string, string][] = [["content-type", "application/json"]];
  if (alias !== null) headers.push([eventRequestHeaders.alias, alias]);
  if (memoryMiB !== null) headers.push([eventRequestHeaders.memory, String(memoryMiB)]);
  return { method: "POST", url: "http://function.internal/", headers, body: Buffer.from(event).toString("base64") };
}

/** What the function itself may take, what prepares its instance included. */
export function eventTimeoutMs(version: Pick<VersionRow, "event" | "hooks" | "limits" | "snapshot">): number {
  return wallLimit(version.limits, "event") + preparationMs(version);
}

/** What may run in an instance before its first answer: the initializer, and `restore` after a start from a snapshot. Milliseconds. */
export function preparationMs({
  event,
  hooks,
  limits,
  snapshot,
}: Pick<VersionRow, "event" | "hooks" | "limits" | "snapshot">): number {
  const initializes = event !== null && event.initializer !== null;
  const restores = snapshot.state === "ready" && hooks.includes("restore");
  return limits.initializerWallMs * ((initializes ? 1 : 0) + (restores ? 1 : 0));
}
