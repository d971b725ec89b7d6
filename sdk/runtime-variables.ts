/** Variables that every event function has, beside its own (spec: functions, "Environment"). Pure. */
import type { VersionManifest } from "./artifact.ts";
import { eventLimits } from "./limits.ts";

/** There is one project and one package so far. */
const project = "default";

/** Nothing for a version that is no event function. `environment` is its own. */
export function runtimeVariables(
  { event, function: name, limits, version }: Pick<VersionManifest, "event" | "function" | "limits" | "version">,
  environment: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (event === null) return {};
  const { handler, initializer } = event;
  return {
    RUNTIME_PROJECT_ID: project,
    RUNTIME_PACKAGE: project,
    RUNTIME_FUNC_NAME: name,
    RUNTIME_FUNC_VERSION: version,
    RUNTIME_HANDLER: handler,
    // Seconds there.
    RUNTIME_TIMEOUT: String(Math.ceil(limits.eventWallMs / 1_000)),
    RUNTIME_USERDATA: JSON.stringify(environment),
    // Thousandths of a core: one instance computes on one thread.
    RUNTIME_CPU: "1000",
    RUNTIME_MEMORY: String(limits.memoryMiB),
    RUNTIME_MAX_RESP_BODY_SIZE: String(eventLimits.bytesMax),
    ...(initializer === null
      ? {}
      : {
          RUNTIME_INITIALIZER_HANDLER: initializer,
          RUNTIME_INITIALIZER_TIMEOUT: String(Math.ceil(limits.initializerWallMs / 1_000)),
        }),
    // Functions have no files: where there they would be.
    RUNTIME_ROOT: "/",
    RUNTIME_CODE_ROOT: "/",
    RUNTIME_LOG_DIR: "/",
  };
}
