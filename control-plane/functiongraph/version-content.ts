/** What makes one version of a function of FunctionGraph's clients differ from another. Pure. */
import { createHash } from "node:crypto";
import type { EnvironmentRow } from "../store.ts";
import type { FgsFunctionRow } from "./fgs-row.ts";
import { changedInstances } from "./instance-settings.ts";

/** SHA-256 of it, hex. */
export function versionContent(row: FgsFunctionRow, { variables, encryptedSecrets }: EnvironmentRow): string {
  const instances = changedInstances(row);
  const { codeDigest, handler, initializer, timeoutSeconds, memoryMiB, concurrency, runtime } = row;
  const dependencies = Object.entries(row.dependencies);
  const content = {
    codeDigest,
    handler,
    initializer,
    instances,
    timeoutSeconds,
    memoryMiB,
    concurrency,
    runtime,
    variables,
    encryptedSecrets,
    ...(dependencies.length === 0 ? {} : { dependencies }),
  };
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
