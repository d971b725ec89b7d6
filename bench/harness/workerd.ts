/**
 * Runs workerd (npm) with one worker module on loopback, as the peer that scenarios compare with.
 *
 * It runs the very file that a Selvage node runs. Invariant: one process, ended by its id.
 */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildProcess, runToEnd } from "./child-process.ts";
import { freePorts } from "./free-port.ts";
import { projectRoot } from "./project-files.ts";
import { waitForAnswer } from "./wait-for.ts";

export interface Workerd {
  readonly url: string;
  readonly version: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface WorkerdOptions {
  /** The worker's ES module, a `.js` file with a `fetch` export. */
  readonly moduleFile: string;
  /** For the configuration and the copied module; created. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the worker's fetch() may reach, in workerd's words. Default: public addresses. */
  readonly networks?: readonly ("public" | "private" | "local")[];
}

/** @throws Error when it does not answer within 20 s. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const { folder, env } = options;
  const [port] = await freePorts(1);
  await mkdir(folder, { recursive: true });
  await copyFile(options.moduleFile, join(folder, "worker.js"));
  await writeFile(join(folder, "config.capnp"), configText(port ?? 0, options.networks ?? ["public"]));
  const command = `${projectRoot}/node_modules/workerd/bin/workerd`;
  const { stdout } = await runToEnd({ name: "workerd", command, args: ["--version"], env }, 10_000);
  const args = ["serve", join(folder, "config.capnp")];
  const child = await ChildProcess.start({ name: "workerd", command, args, env });
  const url = `http://127.0.0.1:${port}`;
  await waitForAnswer(child, { url, host: "bench.test", deadlineMs: 20_000 });
  return {
    url,
    version: stdout.replace("workerd", "").trim(),
    pid: child.pid,
    async stop() {
      await child.stop(5_000);
    },
  };
}

function configText(port: number, networks: readonly string[]): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ${JSON.stringify(networks)}))
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01"
);
`;
}
