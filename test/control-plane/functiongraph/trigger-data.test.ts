import { describe, expect, it } from "vitest";
import type { FgsError } from "../../../control-plane/functiongraph/fgs-error.ts";
import {
  readEventData,
  readTriggerType,
  triggerLimits,
  type TriggerType,
} from "../../../control-plane/functiongraph/trigger-data.ts";

const timer = { name: "nightly", schedule_type: "Cron", schedule: "0 0 3 * * ?", user_event: "all" };
const http = { name: "api", path: "/api", protocol: "HTTPS", req_method: "ANY", auth: "NONE" };
const { nameCharsMax, textCharsMax, timeoutMax, userEventCharsMax } = triggerLimits;

/** Why the data is refused: code and message; "none". */
function refusal(type: TriggerType, data: unknown): string {
  try {
    readEventData(type, data);
    return "none";
  } catch (error) {
    const { code, message } = error as FgsError;
    return `${code} ${message}`;
  }
}

describe("a timer's data", () => {
  it.each<[string, object]>([
    ["a cron expression", timer],
    ["a rate", { ...timer, schedule_type: "Rate", schedule: "3m" }],
    [
      "a name and an event as long as allowed",
      { ...timer, name: "n".repeat(nameCharsMax), user_event: "e".repeat(userEventCharsMax) },
    ],
  ])("is %s", (_case, data) => {
    expect(readEventData("TIMER", data)).toEqual(data);
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "event_data: received nothing"],
    ["a list", [], "event_data: received"],
    ["no name", { ...timer, name: undefined }, "event_data.name"],
    ["a name that is too long", { ...timer, name: "n".repeat(nameCharsMax + 1) }, "event_data.name"],
    ["another type of schedule", { ...timer, schedule_type: "Daily" }, "event_data.schedule_type"],
    ["a rate that is a cron expression", { ...timer, schedule_type: "Rate" }, "event_data.schedule"],
    ["a cron expression that is a rate", { ...timer, schedule: "3m" }, "event_data.schedule"],
    ["an event that is too long", { ...timer, user_event: "e".repeat(userEventCharsMax + 1) }, "event_data.user_event"],
    [
      "something else",
      { ...timer, bucket: "b" },
      "event_data.bucket: allowed: name, schedule_type, schedule, user_event",
    ],
    ["what every object has", JSON.parse('{"constructor": 1, "__proto__": {}}'), "event_data.constructor"],
  ])("is refused with %s", (_case, data, message) => {
    expect(refusal("TIMER", data)).toContain(
      message.startsWith("event_data: received nothing") ? "FSS.1109 event_data" : `FSS.1109 ${message}`,
    );
  });

  it("keeps of one that is there what is not said", () => {
    expect(readEventData("TIMER", { schedule: "0 0 4 * * ?" }, timer)).toEqual({ ...timer, schedule: "0 0 4 * * ?" });
  });
});

describe("an HTTP trigger's data", () => {
  it.each<[string, object]>([
    ["the least", http],
    ["a path as long as allowed", { ...http, path: `/${"p".repeat(textCharsMax - 1)}` }],
    ["the longest time", { ...http, func_info: { timeout: timeoutMax, invocation_type: "sync" } }],
    ["the shortest time", { ...http, func_info: { timeout: 1 } }],
    [
      "all of it",
      {
        ...http,
        type: 1,
        match_mode: "SWA",
        backend_type: "FUNCTION",
        group_id: "g",
        group_name: "G",
        env_name: "RELEASE",
        env_id: "e",
        sl_domain: "s",
      },
    ],
  ])("is %s", (_case, data) => {
    expect(readEventData("APIG", data)).toEqual(data);
    expect(readEventData("DEDICATEDGATEWAY", data)).toEqual(data);
  });

  it.each<[string, object, string]>([
    ["a path without its slash", { ...http, path: "api" }, "event_data.path"],
    ["a path that is too long", { ...http, path: `/${"p".repeat(textCharsMax)}` }, "event_data.path"],
    ["another method", { ...http, req_method: "TRACE" }, "event_data.req_method"],
    ["another protocol", { ...http, protocol: "FTP" }, "event_data.protocol"],
    ["no authentication", { ...http, auth: undefined }, "event_data.auth"],
    ["no time", { ...http, func_info: { timeout: 0 } }, "event_data.func_info"],
    ["too much time", { ...http, func_info: { timeout: timeoutMax + 1 } }, "event_data.func_info"],
    ["another way to call", { ...http, func_info: { timeout: 1, invocation_type: "later" } }, "event_data.func_info"],
    ["more about the function", { ...http, func_info: { timeout: 1, other: "x" } }, "event_data.func_info"],
  ])("is refused with %s", (_case, data, message) => {
    expect(refusal("APIG", data)).toContain(`FSS.1107 ${message}`);
  });
});

it("other types than timers and HTTP are refused", () => {
  expect(readTriggerType("TIMER")).toBe("TIMER");
  for (const type of ["KAFKA", "timer", "", undefined])
    expect(() => readTriggerType(type)).toThrow("allowed: TIMER, APIG, DEDICATEDGATEWAY");
});
