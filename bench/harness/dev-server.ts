/** `selvage dev` as a process: the author's local node with reload on save. */
import { join } from "node:path";
import { ChildProcess } from "./child-process.ts";
import { freePorts } from "./free-port.ts";
import { nodeBinary, projectRoot } from "./project-files.ts";

export interface DevServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts it for the project in `folder`; it may still be starting when this returns. */
export async function startDev(options: {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}): Promise<DevServer> {
  const [port = 0] = await freePorts(1);
  const child = await ChildProcess.start({
    name: "selvage dev",
    command: nodeBinary,
    args: [join(projectRoot, "sdk/cli/selvage.mjs"), "dev", "--port", String(port)],
    env: options.env,
    cwd: options.folder,
  });
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      await child.stop();
    },
  };
}
