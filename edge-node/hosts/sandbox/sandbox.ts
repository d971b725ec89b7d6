/**
 * What stands around an isolate host beside Node.js' own permission model: how its process is started, and what is still open to it.
 *
 * Code that breaks out of V8 is native code, which the permission model does not hold. Knows no host: it turns one command line into another.
 */

/** What is to run, and all it has to read. */
export interface SandboxedProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Files and folders, absolute. */
  readonly readable: readonly string[];
  /** Its whole environment; nothing in it comes from the node's own. Default: none. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A file that was opened for the program, which has it as its file descriptor 6: it lies where only who starts the program may look. Closed here. */
  readonly given?: number;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** What the launcher reads to its end from file descriptor 4; null: that is not open. */
  readonly filter: Uint8Array | null;
  /** The launcher tells on file descriptor 5 which process it started, as bubblewrap's --info-fd does; else the process becomes the program. */
  readonly tellsProcess: boolean;
}

export interface Sandbox {
  readonly kind: "bubblewrap" | "setpriv" | "none";
  /** What the machine does not allow, in words for its operator. */
  readonly gaps: readonly string[];
  launch(program: SandboxedProgram): Launch;
}

/** No sandbox but the permission model. */
export function noSandbox(gaps: readonly string[]): Sandbox {
  return {
    kind: "none",
    gaps,
    launch: ({ command, args }) => ({ command, args, filter: null, tellsProcess: false }),
  };
}
