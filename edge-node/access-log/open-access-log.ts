/** Where a front's access log goes, as the node's settings say. */
import { AccessLog, type AccessLogOptions } from "./access-log.ts";
import type { AccessLogPlace } from "./access-log-place.ts";
import { appendDescriptor, appendFile } from "./append-file.ts";

const STDOUT = 1;

/** Undefined: no answers are logged. Whoever opens it closes it. */
export function openAccessLog(place: AccessLogPlace, options: Omit<AccessLogOptions, "output">): AccessLog | undefined {
  switch (place.kind) {
    case "off":
      return undefined;
    case "stdout":
      return new AccessLog({ ...options, output: appendDescriptor(STDOUT) });
    default:
      return new AccessLog({ ...options, output: appendFile(place.file) });
  }
}
