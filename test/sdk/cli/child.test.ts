/** Claims about processes the tool starts: how they end, and that none can refuse to. */
import { afterEach, describe, expect, test } from "vitest";
import { Child, type ChildOptions } from "../../../sdk/cli/processes/child.ts";
import { runTogether } from "../../../sdk/cli/processes/run-together.ts";

const started: Child[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => child.stop(0)));
});

async function start(script: string, options: Partial<ChildOptions> = {}): Promise<Child> {
  const child = await Child.start({
    name: "child",
    command: process.execPath,
    arguments: ["--eval", script],
    environment: {},
    workingDirectory: process.cwd(),
    output: "capture",
    force: new AbortController().signal,
    signalGroup: (groupId, signal) => {
      process.kill(-groupId, signal);
    },
    ...options,
  });
  started.push(child);
  return child;
}

async function untilCaptured(child: Child, text: string): Promise<void> {
  while (!child.captured.includes(text)) {
    if (child.exit !== null) throw new Error(`It ended: ${child.captured}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const IDLE = "setInterval(() => {}, 1e6); console.log('up');";
const STUBBORN = `process.on("SIGTERM", () => console.log("no")); ${IDLE}`;

describe("Child", () => {
  test("keeps output and exit code", async () => {
    const child = await start("console.log('out'); console.error('err'); process.exitCode = 3;");
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(child.captured).toContain("out");
    expect(child.captured).toContain("err");
    expect(child.describeExit()).toBe("exit code 3");
  });

  test("stop() ends it politely", async () => {
    const child = await start(`process.on("SIGTERM", () => process.exit(0)); ${IDLE}`);
    await untilCaptured(child, "up");
    expect(await child.stop(60_000)).toEqual({ code: 0, signal: null });
    expect(await child.stop(60_000)).toEqual({ code: 0, signal: null });
  });

  test("stop() kills what does not end in time", async () => {
    const child = await start(STUBBORN);
    await untilCaptured(child, "up");
    expect(await child.stop(50)).toEqual({ code: null, signal: "SIGKILL" });
    expect(child.describeExit()).toBe("SIGKILL");
  });

  test("stop() waits no longer once it is forced", async () => {
    const force = new AbortController();
    const child = await start(STUBBORN, { force: force.signal });
    await untilCaptured(child, "up");
    const stopped = child.stop(600_000);
    await untilCaptured(child, "no");
    force.abort();
    expect(await stopped).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("start() refuses a command that does not exist", async () => {
    await expect(start("", { command: "/nowhere/node" })).rejects.toThrow("ENOENT");
  });
});

describe("runTogether()", () => {
  test("stops all when asked", async () => {
    const children = [await start(IDLE), await start(IDLE)];
    const stop = new AbortController();
    const end = runTogether(children, { stop: stop.signal, graceMs: 60_000 });
    stop.abort();
    expect(await end).toEqual({ kind: "asked" });
    expect(children.map((child) => child.exit === null)).toEqual([false, false]);
  });

  test("stops the others when one ends, and says which", async () => {
    const [idle, short] = [await start(IDLE), await start("process.exit(4)")];
    const end = await runTogether([idle, short], { stop: new AbortController().signal, graceMs: 60_000 });
    expect(end).toEqual({ kind: "ended", child: short });
    expect(idle.describeExit()).toBe("SIGTERM");
  });
});
