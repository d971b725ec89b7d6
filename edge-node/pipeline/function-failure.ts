/** Logs that an invocation failed, under its function's name and mapped to its author's sources, but not on the request's time. */
import type { ErrorCode } from "../../sdk/error-code.ts";
import { logIdentity, type Caller } from "./caller.ts";

export function logFailure(
  caller: Caller,
  failed: {
    /** The driver's key, or null when nothing ran. */
    readonly key: string | null;
    readonly code: ErrorCode;
    readonly message: string;
    readonly stack: string;
  },
): void {
  const { key, code, message, stack } = failed;
  if (code === "REQUEST_ABORTED") return;
  const { services, onLog } = caller;
  const record = { ...logIdentity(caller), kind: "error", level: "error", message, code } as const;
  if (stack === "" || key === null) {
    onLog(record);
    return;
  }
  const mapped = services.mapStack(key, stack).then((text) => onLog({ ...record, stack: text }));
  services.background.add("stack.map", mapped);
}
