/**
 * Accepts asynchronous calls, and afterwards looks for the end of each: it must have finished under its request id, with one record in the queue
 * that is its destination.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { CallResource } from "../../sdk/calls.ts";
import type { SelvageClient } from "../../sdk/client.ts";
import { waitFor } from "../harness/wait-for.ts";
import { recordQueue, type ChaosWorld } from "./chaos-world.ts";

export interface CallLog {
  /** Request id → what it was called with. */
  readonly accepted: Map<string, number>;
  /** No answer, or a refusal, by code. */
  readonly refused: Map<string, number>;
}

export interface CallLosses {
  /** Accepted calls that did not finish, and how they stand. */
  readonly unfinished: readonly string[];
  /** Accepted calls without their record, with one that is not theirs, or with more than one. */
  readonly records: readonly string[];
}

const pauseMs = 40;
const runMs = 200;
const endMs = 120_000;
const pageMax = 1_000;
const atOnce = 16;

export const newCallLog = (): CallLog => ({ accepted: new Map(), refused: new Map() });

/** Accepts until the signal. */
export async function runCallLoad(
  { fleet }: ChaosWorld,
  { log, signal }: { readonly log: CallLog; readonly signal: AbortSignal },
): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    try {
      const { requestId } = await fleet.client.calls.accept("job", { event: { n, ms: runMs } });
      log.accepted.set(requestId, n);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      log.refused.set(code, (log.refused.get(code) ?? 0) + 1);
    }
    await delay(pauseMs);
  }
}

/** Everything runs again. Calls get two minutes to end. */
export async function findCallLosses({ fleet }: ChaosWorld, { accepted }: CallLog): Promise<CallLosses> {
  const { calls } = fleet.client;
  const idle = async (): Promise<true | null> => {
    const open = await Promise.all((["wait", "running"] as const).map((state) => calls.list({ state, limit: 1 })));
    return open.every((page) => page.calls.length === 0) ? true : null;
  };
  // What has not ended by then is found below, by its state.
  await waitFor(idle, { what: "the end of every call", deadlineMs: endMs, everyMs: 200 }).catch(() => null);
  const ids = [...accepted.keys()];
  const unfinished: string[] = [];
  for (let from = 0; from < ids.length; from += atOnce) {
    const part = ids.slice(from, from + atOnce);
    const found = await Promise.all(part.map((id) => calls.get(id).catch((error: unknown) => String(error))));
    found.forEach((call, index) => {
      if (!isFinished(call)) unfinished.push(`${part[index] ?? ""}: ${describe(call)}`);
    });
  }
  return { unfinished, records: judgeRecords(accepted, await readRecords(fleet.client)) };
}

interface CallRecord {
  readonly id: string;
  readonly payload: unknown;
}

/** What is wrong with the records of accepted calls. Records of calls whose acceptance nobody heard of may be there as well. */
export function judgeRecords(accepted: ReadonlyMap<string, number>, records: readonly CallRecord[]): readonly string[] {
  const byId = Map.groupBy(records, ({ id }) => id);
  return [...accepted].flatMap(([id, n]) => {
    const own = byId.get(id) ?? [];
    if (own.length !== 1) return [`${id}: ${String(own.length)} records`];
    const expected = JSON.stringify({ n, id });
    const got = JSON.stringify(own[0]?.payload);
    return got === expected ? [] : [`${id}: its record has ${got}`];
  });
}

async function readRecords(client: SelvageClient): Promise<readonly CallRecord[]> {
  const records: CallRecord[] = [];
  for (let after = 0; ;) {
    const page = await client.calls.readMessages(recordQueue, { after, limit: pageMax });
    for (const { body, sequence } of page) {
      const { request_context: context, response_payload: payload } = body as {
        readonly request_context: { readonly request_id: string };
        readonly response_payload: unknown;
      };
      records.push({ id: context.request_id, payload });
      after = sequence;
    }
    if (page.length < pageMax) return records;
  }
}

function isFinished(call: CallResource | string): boolean {
  return typeof call !== "string" && call.state === "finish" && call.destination?.state === "sent";
}

function describe(call: CallResource | string): string {
  if (typeof call === "string") return call;
  return `${call.state}, ${call.errorCode} ${call.errorMessage}, record ${call.destination?.state ?? "none"}`;
}
