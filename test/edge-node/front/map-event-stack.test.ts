/** Claims about the stack traces in errors of event functions. */
import { expect, test } from "vitest";
import { mapEventStack } from "../../../edge-node/front/map-event-stack.ts";
import { eventHeaders } from "../../../sdk/event-answer.ts";
import type { InvokeResult } from "../../../sdk/desired-state.ts";

const failure = [[eventHeaders.isFunctionError, "true"]] as const;

function response(value: unknown, headers: readonly (readonly [string, string])[] = failure): InvokeResult["outcome"] {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { kind: "response", status: 500, headers, body: Buffer.from(text).toString("base64") };
}

async function mapped(outcome: InvokeResult["outcome"]): Promise<string> {
  const result = await mapEventStack(outcome, (stack) =>
    Promise.resolve(stack.replaceAll("function.js:1:2", "src/index.ts:7:8")),
  );
  return result.kind === "response" ? Buffer.from(result.body, "base64").toString() : result.kind;
}

test("frames are mapped, the rest stays", async () => {
  const error = { errorMessage: "no", errorType: "Error", stackTrace: ["at f (function.js:1:2)"] };
  expect(JSON.parse(await mapped(response(error)))).toEqual({ ...error, stackTrace: ["at f (src/index.ts:7:8)"] });
});

const stackTrace = ["at f (function.js:1:2)"];

test.each<[string, unknown]>([
  ["no JSON", "{"],
  ["no object", "7"],
  ["without a stack", { errorMessage: "no" }],
  ["with another stack", { stackTrace: "at f (function.js:1:2)" }],
  ["with frames that are no text", { stackTrace: [1] }],
])("an answer that is %s stays as it is", async (_what, value) => {
  expect(await mapped(response(value))).toBe(typeof value === "string" ? value : JSON.stringify(value));
});

test("the result of a handler that did not fail stays as it is", async () => {
  const headers = [[eventHeaders.isFunctionError, "false"]] as const;
  expect(await mapped(response({ stackTrace }, headers))).toBe(JSON.stringify({ stackTrace }));
  expect(await mapped(response({ stackTrace }, []))).toBe(JSON.stringify({ stackTrace }));
});
