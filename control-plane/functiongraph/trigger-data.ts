/** What a trigger of FunctionGraph's clients is told of its events (`event_data`, interfaces.md §3.5): timers and HTTP. Pure. */
import { showValue } from "../../sdk/field-reader.ts";
import { FgsError } from "./fgs-error.ts";
import type { FgsTrigger } from "./fgs-row.ts";
import { invalid, type Body } from "./function-settings.ts";
import { refuseCron, refuseRate } from "./timer-schedule.ts";

export const triggerTypes = ["TIMER", "APIG", "DEDICATEDGATEWAY"] as const;
export type TriggerType = (typeof triggerTypes)[number];

export const triggerLimits = {
  /** Of one version or alias. */
  perVersionMax: 10,
  nameCharsMax: 64,
  userEventCharsMax: 2_048,
  /** Milliseconds. */
  timeoutMax: 60_000,
  textCharsMax: 256,
} as const;

type EventData = FgsTrigger["eventData"];

/** @throws FgsError FSS.1101. */
export function readTriggerType(input: unknown): TriggerType {
  const type = triggerTypes.find((one) => one === input);
  if (type !== undefined) return type;
  throw invalid("FSS.1101", "trigger_type_code", { received: input, allowed: triggerTypes.join(", ") });
}

/** `present`: of a trigger that is there; what is not said stays. @throws FgsError FSS.1109, FSS.1107. */
export function readEventData(type: TriggerType, input: unknown, present: EventData = {}): EventData {
  const code = type === "TIMER" ? "FSS.1109" : "FSS.1107";
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw invalid(code, "event_data", { received: input, allowed: "an object" });
  }
  const fields = type === "TIMER" ? timerFields : gatewayFields;
  const unknown = Object.keys(input).find((key) => !Object.hasOwn(fields, key));
  if (unknown !== undefined) {
    throw new FgsError(code, `event_data.${unknown.slice(0, 100)}: allowed: ${Object.keys(fields).join(", ")}`);
  }
  const data: Body = { ...present, ...input };
  for (const [key, { isRequired = false, refuse }] of Object.entries(fields)) {
    const value = data[key];
    if (!isRequired && (value === undefined || value === null)) continue;
    const allowed = refuse(value, data);
    if (allowed !== null)
      throw new FgsError(code, `event_data.${key}: received ${showValue(value)}, allowed: ${allowed}`);
  }
  return data;
}

interface DataField {
  readonly isRequired?: boolean;
  /** Why the value is refused, completing "allowed: …", or null. */
  readonly refuse: (value: unknown, data: Body) => string | null;
}

const choice = (...values: readonly (string | number)[]): DataField => ({
  refuse: (value) => (values.some((one) => one === value) ? null : values.join(", ")),
});
const text = (max: number): DataField => ({
  refuse: (value) => (typeof value === "string" && value.length <= max ? null : `at most ${max} characters`),
});
const word = text(triggerLimits.textCharsMax);
const required = (field: DataField): DataField => ({ ...field, isRequired: true });

const name: DataField = {
  isRequired: true,
  refuse: (value) =>
    typeof value === "string" && /^[A-Za-z][A-Za-z0-9_-]*$/.test(value) && value.length <= triggerLimits.nameCharsMax
      ? null
      : `1..${triggerLimits.nameCharsMax} letters, digits, "_" and "-", first a letter`,
};

const timerFields: Readonly<Record<string, DataField>> = {
  name,
  schedule_type: required(choice("Rate", "Cron")),
  schedule: {
    isRequired: true,
    refuse: (value, { schedule_type: type }) =>
      typeof value !== "string" ? "a text" : type === "Rate" ? refuseRate(value) : refuseCron(value),
  },
  user_event: text(triggerLimits.userEventCharsMax),
};

const funcInfoKeys = ["function_urn", "invocation_type", "timeout", "version"];

const gatewayFields: Readonly<Record<string, DataField>> = {
  name,
  type: choice(1, 2),
  path: {
    isRequired: true,
    refuse: (value) =>
      typeof value === "string" && /^\/[\x21-\x7e]*$/.test(value) && value.length <= triggerLimits.textCharsMax
        ? null
        : `a path that begins with "/", at most ${triggerLimits.textCharsMax} characters`,
  },
  protocol: required(choice("HTTP", "HTTPS")),
  req_method: required(choice("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "ANY")),
  match_mode: choice("SWA", "NORMAL"),
  auth: required(choice("IAM", "APP", "NONE")),
  backend_type: choice("FUNCTION"),
  group_id: word,
  group_name: word,
  env_name: word,
  env_id: word,
  sl_domain: word,
  instance_id: word,
  func_info: { refuse: refuseFuncInfo },
};

function refuseFuncInfo(value: unknown): string | null {
  const allowed = `{timeout: 1..${triggerLimits.timeoutMax}, invocation_type?: sync or async, function_urn?, version?}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return allowed;
  const { timeout, invocation_type: kind, ...names } = value as Body;
  const isTimeout =
    typeof timeout === "number" && Number.isInteger(timeout) && timeout >= 1 && timeout <= triggerLimits.timeoutMax;
  const isKind = kind === undefined || kind === "sync" || kind === "async";
  const areNames = Object.entries(names).every(
    ([key, one]) => funcInfoKeys.includes(key) && typeof one === "string" && one.length <= triggerLimits.textCharsMax,
  );
  return isTimeout && isKind && areNames ? null : allowed;
}
