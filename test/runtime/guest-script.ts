/** The bundled guest for tests, built once per test file exactly as `npm run build` builds it. */
import { readFile } from "node:fs/promises";
import { defaultGuestScriptPath } from "../../edge-node/hosts/host-process.ts";

/** `.build/guest.js`; the test run builds it first (test/global-setup.ts). */
export function guestScript(): Promise<string> {
  return readFile(defaultGuestScriptPath, "utf8");
}
