/** Claims about the variables that every event function has. */
import { defaultEventSettings } from "../../sdk/event-settings.ts";
import { expect, test } from "vitest";
import { runtimeVariables } from "../../sdk/runtime-variables.ts";
import type { VersionManifest } from "../../sdk/artifact.ts";
import { refuseEnvironmentKey } from "../../sdk/environment-parser.ts";
import { defaultFunctionLimits } from "../../sdk/limits.ts";

const manifest = {
  function: "f",
  version: "v1",
  limits: { ...defaultFunctionLimits, eventWallMs: 2_500, initializerWallMs: 1_500, memoryMiB: 64 },
  event: { handler: "index.handler", initializer: "index.prepare", parameters: "strict" },
} as unknown as VersionManifest;

test("they say what the function is and has, in the units of the system being implemented", () => {
  expect(runtimeVariables(manifest, { A: "1" })).toMatchObject({
    RUNTIME_FUNC_NAME: "f",
    RUNTIME_FUNC_VERSION: "v1",
    RUNTIME_HANDLER: "index.handler",
    RUNTIME_TIMEOUT: "3",
    RUNTIME_INITIALIZER_HANDLER: "index.prepare",
    RUNTIME_INITIALIZER_TIMEOUT: "2",
    RUNTIME_MEMORY: "64",
    RUNTIME_MAX_RESP_BODY_SIZE: "6291456",
    RUNTIME_USERDATA: '{"A":"1"}',
  });
});

test("an author can set none of them", () => {
  for (const key of Object.keys(runtimeVariables(manifest, {}))) expect(refuseEnvironmentKey(key)).not.toBeNull();
});

test("what there is no initializer for is not there, and a version that is no event function has none", () => {
  const event = defaultEventSettings;
  expect(runtimeVariables({ ...manifest, event }, {})).not.toHaveProperty("RUNTIME_INITIALIZER_HANDLER");
  expect(runtimeVariables({ ...manifest, event: null }, {})).toEqual({});
});
