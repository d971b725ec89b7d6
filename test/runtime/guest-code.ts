/** The bundled guest for tests, as `npm run build` leaves it; the test run builds it first (test/global-setup.ts). */
import { readFile } from "node:fs/promises";
import { defaultGuestPath } from "../../edge-node/hosts/host-process.ts";
import { parseGuestCode, type GuestCode } from "../../runtime/guest-code.ts";

export async function guestCode(): Promise<GuestCode> {
  return parseGuestCode(await readFile(defaultGuestPath, "utf8"));
}
