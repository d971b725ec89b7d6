/**
 * bubblewrap (Debian package `bubblewrap`) around a host: namespaces without network, other processes or files but those it reads, no
 * capabilities, a system call filter, and an end with its front.
 */
import { dirname } from "node:path";
import { filteredArchitecture, seccompFilter } from "./seccomp-filter.ts";
import type { Launch, Sandbox, SandboxedProgram } from "./sandbox.ts";

export interface BubblewrapOptions {
  /** The program's path. */
  readonly command: string;
  /** process.arch. */
  readonly architecture: string;
}

const FILTER_FD = 4;
const INFO_FD = 5;
/** Where the dynamic linker and the libraries of Node.js are; those that are missing are passed over. */
const libraries = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"];
/** An identity that owns nothing, inside and out. */
const NOBODY = "65534";

export function bubblewrap({ command, architecture }: BubblewrapOptions): Sandbox {
  const filtered = filteredArchitecture(architecture);
  const filter = filtered === null ? null : seccompFilter(filtered);
  return {
    kind: "bubblewrap",
    gaps: filter === null ? [`system calls are not filtered: there is no table for ${architecture}`] : [],
    launch: (program) => launch(program, { command, filter }),
  };
}

function launch(
  program: SandboxedProgram,
  { command, filter }: { readonly command: string; readonly filter: Uint8Array | null },
): Launch {
  const readable = [...new Set([...program.readable, dirname(program.command)])];
  const args = [
    "--unshare-all",
    "--unshare-user",
    "--uid",
    NOBODY,
    "--gid",
    NOBODY,
    "--cap-drop",
    "ALL",
    "--new-session",
    "--die-with-parent",
    "--clearenv",
    ...Object.entries(program.environment ?? {}).flatMap(([name, value]) => ["--setenv", name, value]),
    ...libraries.flatMap((path) => ["--ro-bind-try", path, path]),
    ...readable.flatMap((path) => ["--ro-bind-try", path, path]),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    // Both are in memory, which nothing would bound.
    "--remount-ro",
    "/dev",
    "--remount-ro",
    "/",
    "--chdir",
    "/",
    "--info-fd",
    String(INFO_FD),
    ...(filter === null ? [] : ["--seccomp", String(FILTER_FD)]),
    "--",
    program.command,
    ...program.args,
  ];
  return { command, args, filter, tellsProcess: true };
}
