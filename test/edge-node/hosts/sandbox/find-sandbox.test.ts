/** The sandboxes that work on this machine, with a program that tries what a host must not be able to do. */
import { openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bubblewrap } from "../../../../edge-node/hosts/sandbox/bubblewrap.ts";
import { findSandbox, type FindSandboxOptions } from "../../../../edge-node/hosts/sandbox/find-sandbox.ts";
import type { Sandbox } from "../../../../edge-node/hosts/sandbox/sandbox.ts";
import { setpriv } from "../../../../edge-node/hosts/sandbox/setpriv.ts";
import { startSandboxed } from "../../../../edge-node/hosts/sandbox/start-sandboxed.ts";

const isRoot = process.getuid?.() === 0;
const folder = await mkdtemp(join(tmpdir(), "selvage-sandbox-"));
const file = join(folder, "given.txt");
await writeFile(file, "given");
/** Nobody else may look into the folder: whoever can still read it got it opened. */
const opened = join(await mkdtemp(join(tmpdir(), "selvage-opened-")), "opened.txt");
await writeFile(opened, "opened");

afterAll(async () => {
  for (const path of [folder, dirname(opened)]) await rm(path, { recursive: true, force: true });
});

function find(change: Partial<FindSandboxOptions> = {}): Promise<Sandbox> {
  const { execPath: command, platform, arch: architecture } = process;
  return findSandbox({ wanted: "auto", command, readable: [file], platform, architecture, isRoot, ...change });
}

/** What a program in the sandbox could do: the answers of `checks` by their names. */
async function attempt(sandbox: Sandbox, checks: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const tried = Object.entries(checks).map(
    ([name, code]) => `${JSON.stringify(name)}: await attempt(async () => { ${code} })`,
  );
  const script = `
    const fs = require("node:fs");
    const attempt = (act) => act().then(String, (error) => error.code ?? error.message);
    (async () => fs.writeSync(3, JSON.stringify({ ${tried.join(", ")} })))();
  `;
  const { child, socket } = startSandboxed(sandbox, {
    command: process.execPath,
    args: ["-e", script],
    readable: [file],
    environment: { SET: "by its starter" },
    given: openSync(opened, "r"),
  });
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
  });
  await new Promise((resolve) => child.once("close", resolve));
  return JSON.parse(text) as Record<string, string>;
}

const connect = `return await new Promise((resolve, reject) => {
  require("node:net").connect(9, "127.0.0.1").on("connect", () => resolve("connected")).on("error", reject);
});`;
const spawn = `return require("node:child_process").spawnSync(process.execPath, ["-v"]).error?.code ?? "spawned";`;

describe("what there is", async () => {
  const wrapped = await find({ candidates: [bubblewrap({ command: "bwrap", architecture: process.arch })] });
  const privileged = await find({ candidates: [setpriv({ isRoot, user: "same" })] });

  it.runIf(wrapped.kind === "bubblewrap")(
    "bubblewrap: only its files, no network, no processes, nobody's identity",
    async () => {
      const tried = await attempt(wrapped, {
        given: `return fs.readFileSync(${JSON.stringify(file)}, "utf8")`,
        opened: `return fs.readFileSync(6, "utf8")`,
        elsewhere: `return fs.readFileSync("/etc/passwd", "utf8")`,
        write: `fs.writeFileSync(${JSON.stringify(join(folder, "new"))}, "")`,
        root: `fs.writeFileSync("/new", "")`,
        connect,
        spawn,
        environment: `return Object.entries(process.env).filter(([name]) => name !== "PWD").join()`,
        user: `return process.getuid()`,
      });
      expect(tried).toEqual({
        given: "given",
        opened: "opened",
        elsewhere: "ENOENT",
        write: expect.stringMatching(/^E(NOENT|ROFS)$/),
        root: "EROFS",
        connect: "ENOSYS",
        spawn: "ENOSYS",
        environment: "SET,by its starter",
        user: "65534",
      });
    },
  );

  it.runIf(wrapped.kind === "bubblewrap")("bubblewrap: tells its program's process, which ends with it", async () => {
    const started = startSandboxed(wrapped, {
      command: process.execPath,
      args: ["-e", `require("node:fs").writeSync(3, "here"); setInterval(() => {}, 1000)`],
      readable: [],
    });
    await new Promise((resolve) => started.socket.once("data", resolve));
    await expect.poll(() => started.pid()).toBeGreaterThan(1);
    const pid = started.pid() ?? 0;
    expect(pid).not.toBe(started.child.pid);
    expect(() => process.kill(pid, 0)).not.toThrow();
    started.child.kill("SIGKILL");
    await new Promise((resolve) => started.child.once("close", resolve));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it.runIf(privileged.kind === "setpriv")(
    "setpriv: no network, no environment but its own, no capabilities",
    async () => {
      const tried = await attempt(privileged, {
        given: `return fs.readFileSync(${JSON.stringify(file)}, "utf8")`,
        opened: `return fs.readFileSync(6, "utf8")`,
        connect,
        environment: `return Object.entries(process.env).join()`,
        capabilities: `return /CapEff:\\s*(\\w+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1]`,
      });
      expect(tried).toEqual({
        given: "given",
        opened: "opened",
        connect: "ENETUNREACH",
        environment: "SET,by its starter",
        capabilities: "0000000000000000",
      });
    },
  );
});

describe("findSandbox()", () => {
  it("takes the first that works, and says why those before it do not", async () => {
    const missing = bubblewrap({ command: "/nowhere/bwrap", architecture: "x64" });
    const works: Sandbox = {
      kind: "setpriv",
      gaps: ["a gap"],
      launch: ({ command, args }) => ({ command, args, filter: null, tellsProcess: false }),
    };
    const found = await find({ candidates: [missing, works] });
    expect(found.kind).toBe("setpriv");
    expect(found.gaps).toEqual(["a gap", expect.stringMatching(/^bubblewrap does not work here: .*ENOENT/)]);
  });

  it("passes over one in which the files cannot be read", async () => {
    const blind: Sandbox = {
      kind: "setpriv",
      gaps: [],
      launch: ({ command, args }) => ({
        command,
        args: ["--permission", ...args],
        filter: null,
        tellsProcess: false,
      }),
    };
    const found = await find({ candidates: [blind] });
    expect(found.kind).toBe("none");
    expect(found.gaps).toHaveLength(2);
  });

  it.each([
    [{ wanted: "off" }, /turned off/],
    [{ platform: "darwin" }, /on darwin/],
    [{ candidates: [] }, /permission model/],
  ] as const)("finds none with %j and says so", async (change, gap) => {
    const found = await find(change);
    expect(found.kind).toBe("none");
    expect(found.gaps.join()).toMatch(gap);
    const program = { command: "node", args: ["a"], readable: [] };
    expect(found.launch(program)).toEqual({ command: "node", args: ["a"], filter: null, tellsProcess: false });
  });

  it("says that system calls are not filtered where there is no table for them", () => {
    const sandbox = bubblewrap({ command: "bwrap", architecture: "riscv64" });
    expect(sandbox.gaps).toEqual([expect.stringContaining("riscv64")]);
    expect(sandbox.launch({ command: "/node", args: [], readable: [] })).toMatchObject({ filter: null });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
