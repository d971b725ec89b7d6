/**
 * Bundles the isolate host's entry with everything of ours it needs into one module: nothing to resolve, nothing to strip of types at its start.
 * isolated-vm stays outside: it is a native add-on.
 */
import { bundleOwnCode, type OwnBundle } from "./own-code.ts";

/** One ES module for Node 24. `entryPath` is absolute. @throws with every problem in the message when it cannot be bundled. */
export function bundleHost(entryPath: string): Promise<OwnBundle> {
  return bundleOwnCode(entryPath, "the isolate host", {
    format: "esm",
    platform: "node",
    target: "node24",
    external: ["isolated-vm"],
  });
}
