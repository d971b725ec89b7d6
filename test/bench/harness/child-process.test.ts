/** The claims of bench/harness/child-process.ts, on real processes. */
import { describe, expect, test } from "vitest";
import { ChildProcess, runToEnd } from "../../../bench/harness/child-process.ts";
import { isAlive } from "../../../bench/harness/end-descendants.ts";
import { nodeBinary } from "../../../bench/harness/project-files.ts";
import { waitFor } from "../../../bench/harness/wait-for.ts";

function script(code: string): Parameters<typeof ChildProcess.start>[0] {
  return { name: "script", command: nodeBinary, args: ["-e", code], env: {} };
}

async function started(code: string): Promise<ChildProcess> {
  const child = await ChildProcess.start(script(code));
  await waitFor(async () => (child.stdout.includes("ready") ? true : null), { what: "ready", deadlineMs: 15_000 });
  return child;
}

describe("runToEnd()", () => {
  test("gives the exit code and both outputs", async () => {
    const code = "process.stdout.write('out'); process.stderr.write('err'); process.exitCode = 3";
    expect(await runToEnd(script(code), 15_000)).toEqual({ code: 3, signal: null, stdout: "out", stderr: "err" });
  });

  test("ends a process that takes longer than its deadline and says what it printed", async () => {
    const endless = script("console.log('pid', process.pid); setInterval(() => {}, 1000)");
    await expect(runToEnd(endless, 1_000)).rejects.toThrow(/took longer than 1000 ms/);
  });

  test("throws for a command that does not exist", async () => {
    const options = { name: "nothing", command: "/nowhere/nothing", args: [], env: {} };
    await expect(runToEnd(options, 1_000)).rejects.toThrow(/ENOENT/);
  });

  test("hands on only the environment it was given", async () => {
    const { stdout } = await runToEnd(
      { ...script("console.log(JSON.stringify(process.env))"), env: { ONLY: "this" } },
      15_000,
    );
    expect(JSON.parse(stdout)).toEqual({ ONLY: "this" });
  });
});

describe("ChildProcess", () => {
  test("stop() lets a process end in its own way", async () => {
    const child = await started(
      "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('ready')",
    );
    expect(await child.stop()).toEqual({ code: 7, signal: null });
    expect(await child.stop()).toEqual({ code: 7, signal: null });
  });

  test("stop() ends a process that ignores the request, and the processes it started", async () => {
    const child = await started(`
      const grandchild = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      process.on("SIGTERM", () => {});
      setInterval(() => {}, 1000);
      console.log("ready " + grandchild.pid + ";");
    `);
    const grandchild = Number(/ready (\d+);/.exec(child.stdout)?.[1]);
    expect(isAlive(grandchild)).toBe(true);
    expect(await child.stop(50)).toEqual({ code: null, signal: "SIGKILL" });
    await waitFor(async () => (isAlive(grandchild) ? null : true), { what: "the grandchild's end", deadlineMs: 5_000 });
  });

  test("kill() is a crash: no handler runs", async () => {
    const child = await started(
      "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('ready')",
    );
    expect(await child.kill()).toEqual({ code: null, signal: "SIGKILL" });
    expect(child.exit).toEqual({ code: null, signal: "SIGKILL" });
  });
});
