/** The control plane as an operator runs it: a process of its own on a free port, to be killed without warning. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const mainFile = join(import.meta.dirname, "../../control-plane/main.ts");

export class ControlPlaneProcess {
  readonly #child: ChildProcess;
  #url = "";
  #stdout = "";
  #stderr = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on("data", (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
  }

  /** Resolves when it serves. @throws with what it wrote when it ends instead. */
  static async start(data: string, environment: Readonly<Record<string, string>> = {}): Promise<ControlPlaneProcess> {
    const child = fork(mainFile, ["--port", "0", "--data", data], {
      execArgv: ["--no-node-snapshot"],
      env: { SELVAGE_LOG_LEVEL: "warn", ...environment },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const running = new ControlPlaneProcess(child);
    const served = once(child, "message") as Promise<[{ readonly url: string }]>;
    const ended = once(child, "close").then(([code]) => {
      throw new Error(`the control plane ended with ${String(code)}: ${running.#stderr}`);
    });
    const [message] = await Promise.race([served, ended]);
    ended.catch(() => {
      // Its end is awaited by whoever ends it.
    });
    running.#url = message.url;
    return running;
  }

  get url(): string {
    return this.#url;
  }

  get stdout(): string {
    return this.#stdout;
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Its exit code. */
  async stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const closed = once(this.#child, "close") as Promise<[number | null]>;
    this.#child.kill(signal);
    const [code] = await closed;
    return code;
  }
}
