/**
 * Loads an example's module as this Node would run it. The path is computed, because the examples are type-checked by a
 * configuration of their own, with the runtime's globals instead of Node's.
 */
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../bench/harness/project-files.ts";
import type { EdgeFunction } from "../../sdk/selvage-sdk.ts";

export type ExampleName = "ab-rewrite" | "jwt-gate" | "origin-signer" | "hono-api";

/** A fresh copy of the example's hooks: module state of one test is not seen by another. */
export async function loadExample(name: ExampleName, copy: string): Promise<Required<EdgeFunction>> {
  const url = pathToFileURL(`${projectRoot}/sdk/examples/${name}/src/index.ts`);
  url.search = copy;
  const module: unknown = await import(url.href);
  return (module as { default: Required<EdgeFunction> }).default;
}
