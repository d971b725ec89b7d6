/** The suite's own origin as a process on loopback. */
import { join } from "node:path";
import { ChildProcess } from "../../bench/harness/child-process.ts";
import { freePorts } from "../../bench/harness/free-port.ts";
import { sendRequest } from "../../bench/harness/http-exchange.ts";
import { nodeBinary } from "../../bench/harness/project-files.ts";
import { waitForAnswer } from "../../bench/harness/wait-for.ts";

const START_MS = 20_000;
const PROBE_MS = 5_000;

export class SuiteOrigin {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.port = port;
  }

  /** Starts it and waits until it answers. */
  static async start(options: {
    readonly suite: string;
    /** For its file with the process id. */
    readonly folder: string;
    readonly env: Readonly<Record<string, string>>;
  }): Promise<SuiteOrigin> {
    const { suite, folder, env } = options;
    const [port = 0] = await freePorts(1);
    const child = await ChildProcess.start({
      name: "the suite's origin",
      command: nodeBinary,
      args: [
        `--import=${join(import.meta.dirname, "listen-on-loopback.mjs")}`,
        join(suite, "test-engine/server/server.mjs"),
      ],
      env: {
        ...env,
        npm_config_protocol: "http",
        npm_config_port: String(port),
        npm_config_pidfile: join(folder, "origin.pid"),
      },
      cwd: suite,
    });
    await waitForAnswer(child, { url: probeUrl(port), deadlineMs: START_MS });
    return new SuiteOrigin(child, port);
  }

  /** Whether it still answers: tests against a dead origin mean nothing. */
  async isAlive(): Promise<boolean> {
    if (this.#process.exit !== null) return false;
    const answer = await sendRequest({ url: probeUrl(this.port), deadlineMs: PROBE_MS }).catch(() => null);
    return answer?.status === 200;
  }

  get output(): string {
    return `${this.#process.stdout}${this.#process.stderr}`;
  }

  async stop(): Promise<void> {
    await this.#process.kill();
  }
}

/** A file of the suite that its server sends. */
function probeUrl(port: number): string {
  return `http://127.0.0.1:${port}/package.json`;
}
