/** The sandbox of a front's isolate hosts on this machine, and what its operator is told about it. */
import type { Logger } from "../logger.ts";
import { findSandbox } from "./sandbox/find-sandbox.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";

/** @throws Error when it must have no gaps and has some. */
export async function chooseSandbox(
  wanted: "auto" | "required" | "off",
  { files, logger }: { readonly files: readonly string[]; readonly logger: Logger },
): Promise<Sandbox> {
  const sandbox = await findSandbox({
    wanted: wanted === "off" ? "off" : "auto",
    command: process.execPath,
    readable: files,
    platform: process.platform,
    architecture: process.arch,
    isRoot: process.getuid?.() === 0,
  });
  const { kind, gaps } = sandbox;
  if (gaps.length === 0) logger.info({ sandbox: kind }, "isolate_hosts_sandboxed");
  else logger.warn({ sandbox: kind, gaps }, "isolate_hosts_exposed");
  if (wanted === "required" && gaps.length > 0) {
    throw new Error(`Cannot start isolate hosts: a sandbox without gaps is required: ${gaps.join("; ")}`);
  }
  return sandbox;
}
