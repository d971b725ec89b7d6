/** Who runs: an invocation as its host and its log see it. Said by the front, never by the function. */
import type { ClientTls } from "../../runtime/driver.ts";
import type { CalledHook } from "../../sdk/phase.ts";
import type { EgressRules } from "../origin/egress-rules.ts";
import type { Asking } from "../routing/grey-picker.ts";
import type { FunctionLog, Services } from "./services.ts";

/** How many calls of services one client request may still cause. Shared by everything that runs for it. */
export interface CallBudget {
  serviceCallsLeft: number;
}

/** A running invocation as its host sees it. */
export interface Caller {
  readonly services: Services;
  readonly requestId: string;
  readonly function: string;
  readonly version: string;
  /** Where it may connect to; null: wherever the node allows. */
  readonly egress: EgressRules | null;
  readonly phase: CalledHook;
  readonly clientIp: string;
  /** Null: not known. */
  readonly tls: ClientTls | null;
  readonly domain: string;
  /** The client request's CDN-Loop field, "" when absent. */
  readonly cdnLoop: string;
  /** 0: a rule runs it; else how many functions stand between. */
  readonly depth: number;
  readonly budget: CallBudget;
  /** The client request that all of this is for. */
  readonly asking: Asking;
  readonly onLog: (record: FunctionLog) => void;
}

/** What every log record of the invocation begins with. */
export function logIdentity({
  services,
  requestId,
  function: name,
  version,
  phase,
}: Caller): Pick<FunctionLog, "time" | "requestId" | "function" | "version" | "phase"> {
  return { time: services.clock.now(), requestId, function: name, version, phase };
}
