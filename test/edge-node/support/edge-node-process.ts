/** A real node in a process of its own, as `selvage node` starts it; ended when the test ended. */
import { fork, type ChildProcess } from "node:child_process";
import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { NodeHealth } from "../../../edge-node/admin/node-health.ts";

const entry = fileURLToPath(new URL("../../../edge-node/main.ts", import.meta.url));

export interface EdgeAnswer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

export interface NodeFlags {
  readonly control: string;
  readonly data: string;
  readonly [flag: string]: string;
}

export interface NodeExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class EdgeNodeProcess {
  port = 0;
  adminPort = 0;
  /** Everything the node's processes printed. */
  output = "";
  readonly exited: Promise<NodeExit>;
  readonly #child: ChildProcess;

  constructor(flags: NodeFlags) {
    const all = { name: "node-1", host: "127.0.0.1", port: "0", "admin-port": "0", fronts: "1", ...flags };
    const words = Object.entries(all).flatMap(([flag, value]) => [`--${flag}`, value]);
    this.#child = fork(entry, words, {
      env: { PATH: process.env["PATH"], SELVAGE_NODE_TOKEN: "token" },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString("utf8")));
    }
    this.exited = new Promise((resolve) => {
      this.#child.on("exit", (code, signal) => resolve({ code, signal }));
    });
    onTestFinished(async () => {
      this.kill("SIGKILL");
      await this.exited;
    });
  }

  /** Resolves when it serves; rejects with its output when it ends instead. */
  async serving(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#child.on("message", (message) => {
        ({ port: this.port, adminPort: this.adminPort } = message as { port: number; adminPort: number });
        resolve();
      });
      this.#child.on("exit", (code) => reject(new Error(`The node ended with ${String(code)}:\n${this.output}`)));
    });
    // The message comes by another way than the log, and may be first.
    while (!this.output.includes("node.serving") && this.#child.exitCode === null) await delay(10);
    return this;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
  }

  get(path: string, host = "www.example.com"): Promise<EdgeAnswer> {
    return get(this.port, { path, host });
  }

  async health(): Promise<NodeHealth & { readonly httpStatus: number }> {
    const { status, text } = await get(this.adminPort, { path: "/healthz", host: "admin" });
    return { ...(JSON.parse(text) as NodeHealth), httpStatus: status };
  }

  async metrics(): Promise<string> {
    return (await get(this.adminPort, { path: "/metrics", host: "admin" })).text;
  }
}

function get(port: number, { path, host }: { readonly path: string; readonly host: string }): Promise<EdgeAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, path, host: "127.0.0.1", headers: { host }, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on("error", reject);
    sent.end();
  });
}
