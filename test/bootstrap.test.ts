/** run.mjs in a checkout of its own, with an npm that leaves a trace instead of packages. */
import { execFile } from "node:child_process";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { sourceFolder } from "./bundler/source-folder.ts";

const projectRoot = dirname(import.meta.dirname);
const lock = JSON.stringify({
  packages: {
    "": { version: "1.0.0" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/other-system": { version: "1.0.0", integrity: "sha512-b", optional: true },
  },
});

/** Stands in for npm: writes down its arguments and "installs" a Node that is this one. */
const npm = `
const { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } = require("node:fs");
appendFileSync("npm-calls", process.argv.slice(2).join(" ") + "\\n");
if (process.env.NPM_FAILS) process.exit(7);
mkdirSync("node_modules/node/bin", { recursive: true });
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
if (process.env.NPM_FORGETS) delete lock.packages["node_modules/a"];
writeFileSync("node_modules/.package-lock.json", JSON.stringify(lock));
try { symlinkSync(process.execPath, "node_modules/node/bin/node"); } catch {}
console.log("npm talks");
`;

const npmCall = "install --no-save --no-audit --no-fund\n";

interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function checkout(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = await sourceFolder({
    "package-lock.json": lock,
    "npm.js": npm,
    "bundler/build-main.ts": 'console.log("build talks");',
    "bench/main.ts": "console.log(JSON.stringify(process.argv.slice(2))); process.exit(Number(process.argv[2] ?? 0));",
    ...files,
  });
  await copyFile(join(projectRoot, "run.mjs"), join(root, "run.mjs"));
  return root;
}

function run(root: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...env, npm_execpath: join(root, "npm.js") } };
    execFile(process.execPath, ["run.mjs", ...args], options, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function npmCalls(root: string): Promise<string> {
  return readFile(join(root, "npm-calls"), "utf8").catch(() => "");
}

describe("run.mjs", () => {
  it("installs and builds when nothing is installed, and keeps standard output for the command", async () => {
    const root = await checkout();
    const { exitCode, stdout, stderr } = await run(root, ["bench", "0", "--json", "a b"]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe('["0","--json","a b"]\n');
    expect(stderr).toMatch(/Installing the packages[^]*npm talks[^]*Installed in \d+ s[^]*build talks/);
    expect(await npmCalls(root)).toBe(npmCall);
  });

  it("installs once, and again when the lockfile changed", async () => {
    const root = await checkout();
    await run(root, ["bench"]);
    await run(root, ["bench"]);
    expect(await npmCalls(root)).toBe(npmCall);
    await writeFile(join(root, "package-lock.json"), lock.replace("sha512-a", "sha512-c"));
    await run(root, ["bench"]);
    expect(await npmCalls(root)).toBe(npmCall.repeat(2));
  });

  it("takes what npm itself installed, unless it differs from the lockfile", async () => {
    const record = (version: string): string =>
      JSON.stringify({ packages: { "node_modules/a": { version, integrity: "sha512-a" } } });
    for (const [version, expected] of [
      ["1.0.0", ""],
      ["1.0.1", npmCall],
    ] as const) {
      const root = await checkout({
        "node_modules/.package-lock.json": record(version),
        "node_modules/node/bin/node": "",
      });
      await rm(join(root, "node_modules/node/bin/node"));
      await copyFile(process.execPath, join(root, "node_modules/node/bin/node"));
      expect((await run(root, ["bench"])).exitCode).toBe(0);
      expect(await npmCalls(root)).toBe(expected);
    }
  });

  it("does not run on anything else than the lockfile asks for", async () => {
    const { exitCode, stderr } = await run(await checkout(), ["bench"], { NPM_FORGETS: "1" });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("did not install what package-lock.json asks for");
  });

  it("gives the exit code of npm, of the build and of the command", async () => {
    expect((await run(await checkout(), ["bench"], { NPM_FAILS: "1" })).exitCode).toBe(7);
    expect((await run(await checkout({ "bundler/build-main.ts": "process.exit(5);" }), ["bench"])).exitCode).toBe(5);
    expect((await run(await checkout(), ["bench", "3"])).exitCode).toBe(3);
    const killed = await checkout({ "bench/main.ts": 'process.kill(process.pid, "SIGTERM");' });
    expect((await run(killed, ["bench"])).exitCode).toBe(143);
  });

  it.each([[[]], [["nonsense"]], [["toString"]]])("answers %j with its usage and exit code 2", async (args) => {
    const { exitCode, stderr } = await run(await checkout(), args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      "allowed: bench, build, cache-tests, chaos, check, demo, hostile, sdk-compat, selvage, soak, start, test",
    );
  });
});
