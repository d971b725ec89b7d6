/** Claims about the tool as a process: `start`, `dev`, and that nothing it started outlives it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePorts } from "../../../bench/harness/free-port.ts";
import { projectRoot } from "../../../bench/harness/project-files.ts";
import { temporaryFolder, type TemporaryFolder } from "../project/temporary-project.ts";

let folder: TemporaryFolder;
const tools: Tool[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  for (const tool of tools.splice(0)) await tool.end("SIGTERM");
  await folder.remove();
});

/** The tool with `--json`, its lines as they come. */
class Tool {
  readonly #child: ChildProcess;
  readonly #exited: Promise<readonly [code: number | null, signal: string | null]>;
  #stdout = "";
  #stderr = "";

  constructor(words: readonly string[], directory: string) {
    this.#child = spawn(process.execPath, [join(projectRoot, "sdk/cli/selvage.mjs"), ...words, "--json"], {
      cwd: directory,
      env: { PATH: process.env["PATH"], HOME: directory },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (this.#stdout += chunk));
    this.#child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (this.#stderr += chunk));
    this.#exited = once(this.#child, "close") as Promise<[number | null, string | null]>;
    tools.push(this);
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** Waits for output that `pattern` matches; fails with all of it when the process ends first. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stdout)) {
      if (this.#child.exitCode !== null) throw new Error(`It ended: ${this.#stdout}${this.#stderr}`);
      await delay(10);
    }
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode === null) this.#child.kill(signal);
    return (await this.#exited)[0];
  }

  exited(): Promise<readonly [code: number | null, signal: string | null]> {
    return this.#exited;
  }

  /** Ids of the processes it started itself. */
  async childIds(): Promise<readonly number[]> {
    const path = `/proc/${this.#child.pid ?? 0}/task/${this.#child.pid ?? 0}/children`;
    return (await readFile(path, "utf8")).trim().split(" ").map(Number);
  }
}

async function answers(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return response.text();
}

async function isGone(pid: number): Promise<boolean> {
  return readFile(`/proc/${pid}/stat`, "utf8").then(
    (stat) => stat.split(" ")[2] === "Z",
    () => true,
  );
}

describe("selvage start", { timeout: 180_000 }, () => {
  async function start(): Promise<{ tool: Tool; controlUrl: string; adminUrl: string }> {
    const [control = 0, edge = 0, admin = 0] = await freePorts(3);
    const ports = ["--control-port", `${control}`, "--port", `${edge}`, "--admin-port", `${admin}`];
    const tool = new Tool(["start", "--data", join(folder.path, "data"), ...ports], folder.path);
    await tool.until(/\}\n$/);
    const { controlUrl, adminUrl } = JSON.parse(tool.stdout) as { controlUrl: string; adminUrl: string };
    return { tool, controlUrl, adminUrl };
  }

  test("is ready when it says so, and a signal ends everything with 0", async () => {
    const { tool, controlUrl, adminUrl } = await start();
    expect(await answers(`${controlUrl}/healthz`)).toContain('"ok"');
    await answers(`${adminUrl}/healthz`);
    const children = await tool.childIds();
    expect(children).toHaveLength(2);
    expect(await tool.end("SIGTERM")).toBe(0);
    expect(await Promise.all(children.map(isGone))).toEqual([true, true]);
  });

  test("when one of both dies, the other is stopped and the code is 1", async () => {
    const { tool } = await start();
    const [controlPlane = 0, node = 0] = await tool.childIds();
    process.kill(controlPlane, "SIGKILL");
    expect((await tool.exited())[0]).toBe(1);
    expect(await isGone(node)).toBe(true);
  });

  test("settings that are refused end it with what is wrong", async () => {
    await writeFile(join(folder.path, "selvage.yaml"), "controlPlane:\n  prot: 1\n");
    const tool = new Tool(["start", "--config", "selvage.yaml"], folder.path);
    expect((await tool.exited())[0]).toBe(1);
    expect(JSON.parse(tool.stdout)).toMatchObject({
      error: { message: expect.stringContaining("ended while starting") as string },
    });
  });
});

describe("selvage dev", { timeout: 180_000 }, () => {
  const source = (body: string) => `export default { fetch: () => new Response(${JSON.stringify(body)}) };`;

  test("serves the project, takes a save, survives a broken one, and ends with 0", async () => {
    await folder.write({ "selvage.json": '{"name": "hello"}', "index.ts": source("one") });
    const [port = 0] = await freePorts(1);
    const tool = new Tool(["dev", "--port", `${port}`], folder.path);
    await tool.until(/"event":"ready"/);
    const url = `http://127.0.0.1:${port}/`;
    expect(await answers(url)).toBe("one");
    await folder.write({ "index.ts": source("two") });
    await tool.until(/("event":"served"[^]*){2}/);
    expect(await answers(url)).toBe("two");
    await folder.write({ "index.ts": "export default {" });
    await tool.until(/"event":"failed"[^]*index\.ts:1/);
    expect(await answers(url)).toBe("two");
    await folder.write({ "index.ts": "export default { clientRequest: () => new Response('hook') };" });
    await tool.until(/"hooks":\["clientRequest"\]/);
    expect(await answers(url)).toBe("hook");
    const children = await tool.childIds();
    expect(await tool.end("SIGINT")).toBe(0);
    expect(await Promise.all(children.map(isGone))).toEqual(children.map(() => true));
    for (const line of tool.stdout.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("event");
  });

  test("sends what no hook answers to the origin", async () => {
    const { createServer } = await import("node:http");
    const origin = createServer((request, response) => response.end(`origin ${String(request.headers["x-hook"])}`));
    origin.listen(0, "127.0.0.1");
    await once(origin, "listening");
    const { port: originPort } = origin.address() as { port: number };
    try {
      await folder.write({
        "selvage.json": '{"name": "hello"}',
        "index.ts": 'export default { clientRequest(request: Request) { request.headers.set("x-hook", "ran"); } };',
      });
      const [port = 0] = await freePorts(1);
      const tool = new Tool(["dev", "--port", `${port}`, "--origin", `http://127.0.0.1:${originPort}`], folder.path);
      await tool.until(/"event":"ready"/);
      expect(await answers(`http://127.0.0.1:${port}/`)).toBe("origin ran");
    } finally {
      origin.closeAllConnections();
      origin.close();
    }
  });
});

describe("the launcher", { timeout: 180_000 }, () => {
  test("runs the tool and passes its exit code on", async () => {
    const child = spawn(process.execPath, [join(projectRoot, "sdk/cli/selvage.mjs"), "nonsense"], { stdio: "pipe" });
    const [stderr, exit] = await Promise.all([text(child.stderr), once(child, "close")]);
    expect(exit[0]).toBe(2);
    expect(stderr).toContain("unknown command");
  });
});
