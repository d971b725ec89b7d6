/**
 * setpriv and unshare (Debian package `util-linux`, which every machine has) around a host: no network, no capabilities, nothing gained by set-user-id
 * programs, and another user where the front itself is root. The files of that user stay readable, and system calls are not filtered.
 */
import type { Sandbox } from "./sandbox.ts";

export interface SetprivOptions {
  /** Of the front. */
  readonly isRoot: boolean;
  /** `nobody`: only root can become somebody else, who may not be able to read the project's files. */
  readonly user: "nobody" | "same";
}

const NOBODY = "65534";

export function setpriv({ isRoot, user }: SetprivOptions): Sandbox {
  const identity = [
    ...(user === "nobody" ? ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"] : []),
    "--inh-caps=-all",
    ...(isRoot ? ["--bounding-set=-all"] : []),
  ];
  const namespaces = isRoot ? ["--net", "--ipc", "--uts"] : ["--user", "--map-current-user", "--net", "--ipc", "--uts"];
  return {
    kind: "setpriv",
    gaps: [
      `hosts see the machine's files as ${user === "nobody" ? "an unprivileged" : "the node's own"} user does, and system calls are not filtered: install bubblewrap`,
    ],
    launch: ({ command, args, environment = {} }) => ({
      command: "unshare",
      args: [
        ...namespaces,
        "--",
        "setpriv",
        "--no-new-privs",
        ...identity,
        "--",
        "env",
        "-i",
        ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
        command,
        ...args,
      ],
      filter: null,
      tellsProcess: false,
    }),
  };
}
