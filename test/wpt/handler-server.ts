/**
 * The checkout's own server for what is computed: a JavaScript stand-in beside the checkout (nodejs/undici keeps one for its fixtures), else
 * wptserve of a whole checkout, which needs Python. Started when a test first asks, and again when a test made it crash.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ChildProcess } from "../../bench/harness/child-process.ts";
import { nodeBinary } from "../../bench/harness/project-files.ts";
import { waitFor } from "../../bench/harness/wait-for.ts";

const startMs = 30_000;

interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Matches the URL in what it prints. */
  readonly announces: RegExp;
}

export class HandlerServer {
  readonly #wptRoot: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #fixedUrl: string | null;
  #running: Promise<{ readonly process: ChildProcess; readonly url: string }> | null = null;
  #crashes = 0;

  /** `fixedUrl`: a server that somebody else runs. */
  constructor(options: { wptRoot: string; env: Readonly<Record<string, string>>; fixedUrl: string | null }) {
    this.#wptRoot = options.wptRoot;
    this.#env = options.env;
    this.#fixedUrl = options.fixedUrl;
  }

  /** How often it ended by itself. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Its URL, or null when the checkout comes with none that can be started. */
  async url(): Promise<string | null> {
    if (this.#fixedUrl !== null) return this.#fixedUrl;
    const command = this.#command();
    if (command === null) return null;
    const running = await (this.#running ??= this.#start(command));
    if (running.process.exit === null) return running.url;
    this.#crashes += 1;
    this.#running = this.#start(command);
    return (await this.#running).url;
  }

  async stop(): Promise<void> {
    const running = await this.#running?.catch(() => null);
    await running?.process.kill();
  }

  #command(): Command | null {
    const standIn = join(this.#wptRoot, "../../wpt/server/server.mjs");
    if (existsSync(standIn)) return { command: nodeBinary, args: [standIn], announces: /server opened (http:\/\/\S+)/ };
    const whole = join(this.#wptRoot, "wpt");
    if (existsSync(whole)) {
      return { command: "python3", args: [whole, "serve"], announces: /Starting http server on (http:\/\/\S+)/ };
    }
    return null;
  }

  async #start({ command, args, announces }: Command): Promise<{ process: ChildProcess; url: string }> {
    const process = await ChildProcess.start({ name: "wpt server", command, args, env: this.#env, cwd: this.#wptRoot });
    const url = await waitFor(
      () => Promise.resolve(announces.exec(`${process.stdout}${process.stderr}`)?.[1] ?? null),
      {
        what: "the checkout's own server",
        deadlineMs: startMs,
      },
    );
    return { process, url: url.replace("localhost", "127.0.0.1") };
  }
}
