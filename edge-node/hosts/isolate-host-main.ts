/**
 * Entry of an isolate host: reads the guest and the base snapshot, then serves its front over file descriptor 3 until that closes.
 *
 * Started with no environment but the allocator's settings, no network and read access to the project's files only. Arguments: guest; "given" when the base
 * snapshot is open as file descriptor 6, else "none"; number of spares.
 */
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { parseGuestCode } from "../../runtime/guest-code.ts";
import { serveIsolateHost } from "../../runtime/isolate-host.ts";
import { nodeLimits } from "../../sdk/limits.ts";
import { nodeRuntimeEnvironment } from "./node-runtime-environment.ts";

const [guestPath = "", snapshot = "none", spares = "0"] = process.argv.slice(2);

// process.exit() hangs after a catastrophic error: only a signal ends the process. A front that was told ends it, when others have finished.
const environment = nodeRuntimeEnvironment((message, { isAttributed }) => {
  process.stderr.write(`${JSON.stringify({ event: "isolate_catastrophe", message })}\n`);
  setTimeout(() => process.kill(process.pid, "SIGKILL"), isAttributed ? nodeLimits.condemnedHostMs * 2 : 0);
});

// A terminal's Ctrl-C reaches every process of the group; a host ends when its front lets go of it.
process.on("SIGINT", () => {});

const front = new Socket({ fd: 3 });
front.on("close", () => {
  process.kill(process.pid, "SIGKILL");
});

process.on("uncaughtException", (error) => {
  process.stderr.write(
    `${JSON.stringify({ event: "isolate_host_failed", message: error.message, stack: error.stack })}\n`,
  );
  process.kill(process.pid, "SIGKILL");
});

await serveIsolateHost(front, {
  environment,
  guest: parseGuestCode(readFileSync(guestPath, "utf8")),
  baseSnapshot: snapshot === "given" ? readFileSync(6) : null,
  spares: Number(spares),
});
