/**
 * One isolate host process: how it is started with least privilege, watched, and ended. It does not know versions or placement.
 *
 * Invariant: the process ends with SIGKILL and nothing else; a host that V8 gave up on does not react to anything gentler.
 */
import { openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RemoteDriver } from "../../runtime/remote-driver.ts";
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import { allocatorSettings } from "../settings/allocator.ts";
import type { HostEnd, IsolateHost } from "./isolate-host.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import { startSandboxed, type Sandboxed } from "./sandbox/start-sandboxed.ts";

const projectRoot = fileURLToPath(new URL("../..", import.meta.url));
// isolate-host-main.ts as one file, made by the build step.
const entry = join(projectRoot, ".build", "isolate-host.mjs");
const stderrCharsMax = 4_096;

export interface HostProcessOptions {
  readonly environment: RuntimeEnvironment;
  /** The bundled guest (runtime/guest-code.ts). */
  readonly guestPath: string;
  /** A base snapshot made by this very runtime, or null. */
  readonly baseSnapshotPath: string | null;
  /** Prepared isolates kept at hand in the host. */
  readonly spares: number;
  /** What stands around the process. */
  readonly sandbox: Sandbox;
}

export class HostProcess implements IsolateHost {
  readonly driver: RemoteDriver;
  readonly #started: Sandboxed;
  #stderr = "";
  #ended = false;

  /** `onEnd` is called once, with what the process last said. */
  constructor(options: HostProcessOptions, onEnd: (host: HostProcess, end: HostEnd) => void) {
    const snapshot = openSnapshot(options.baseSnapshotPath);
    this.#started = startSandboxed(options.sandbox, {
      command: process.execPath,
      args: hostArguments(options, snapshot !== null),
      readable: hostFiles(options.guestPath),
      environment: allocatorSettings,
      ...(snapshot === null ? {} : { given: snapshot }),
    });
    const { child, socket } = this.#started;
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString("utf8")).slice(-stderrCharsMax);
    });
    this.driver = new RemoteDriver(socket, options.environment);
    const end = (reason: string, isKilled: boolean): void => {
      if (this.#ended) return;
      this.#ended = true;
      onEnd(this, { reason: `${reason} ${this.#stderr}`.trim(), isKilled });
    };
    child.on("error", (error) => {
      end(error.message, false);
    });
    // Not "exit": what it said last may be on its way still.
    child.on("close", (code, signal) => {
      end(`exit code ${String(code)}, signal ${String(signal)}`, signal === "SIGKILL" || code === KILLED);
    });
  }

  get pid(): number | undefined {
    return this.#started.pid();
  }

  get ended(): boolean {
    return this.#ended;
  }

  kill(): void {
    // A stuck process may hold its pipes open for as long as the kernel needs to take its memory apart.
    this.#started.child.kill("SIGKILL");
  }
}

/** What a launcher says of a program that ended by SIGKILL. */
const KILLED = 128 + 9;

/**
 * The host's own file, the add-on, where node-gyp-build looks which libc this is, and the guest. The base snapshot is none of them: it lies in the node's
 * data folder, and the host gets it opened.
 */
export function hostFiles(guestPath: string): readonly string[] {
  return [
    entry,
    join(projectRoot, "package.json"),
    join(projectRoot, "node_modules", "isolated-vm"),
    join(projectRoot, "node_modules", "node-gyp-build"),
    guestPath,
  ];
}

/** Opened for each host: the position in it is its own. Null: there is none any more, and the host starts without, more slowly. */
function openSnapshot(path: string | null): number | null {
  try {
    return path === null ? null : openSync(path, "r");
  } catch {
    return null;
  }
}

function hostArguments({ guestPath, spares }: HostProcessOptions, hasSnapshot: boolean): string[] {
  return [
    "--no-node-snapshot",
    "--disable-warning=ExperimentalWarning",
    "--disable-warning=SecurityWarning",
    // KeyObject.from() a key that is not extractable: the object stays in the host, and node:crypto has no other way to it.
    "--disable-warning=DEP0204",
    "--permission",
    "--allow-addons",
    ...[...hostFiles(guestPath), "/etc/alpine-release"].map((path) => `--allow-fs-read=${path}`),
    entry,
    guestPath,
    hasSnapshot ? "given" : "none",
    String(spares),
  ];
}

/** Where the build step leaves the guest. */
export const defaultGuestPath: string = join(projectRoot, ".build", "guest-code.json");
