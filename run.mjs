/**
 * Runs a command of this project from whatever state the checkout is in: `node run.mjs <command> [arguments]`.
 *
 * Installs the packages when they are not those of package-lock.json, builds the guest when its sources changed, then runs the
 * command under the Node that the lockfile names. Plain JavaScript for Node 20 and newer, because it runs before anything
 * is installed. Standard output belongs to the command alone.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const packages = join(root, "node_modules");
const lockPath = join(root, "package-lock.json");
const markerPath = join(packages, ".selvage-installed");
const nodePath = join(packages, "node", "bin", process.platform === "win32" ? "node.exe" : "node");

/** Command → what Node runs, from the project's root. */
const commands = {
  bench: ["bench/main.ts"],
  build: ["bundler/build-main.ts"],
  "cache-tests": ["test/cache-tests/cache-tests-main.ts"],
  chaos: ["bench/chaos/chaos-main.ts"],
  check: ["test/check-main.ts"],
  demo: ["test/demo/demo-main.ts"],
  hostile: ["test/hostile/hostile-main.ts"],
  "sdk-compat": ["test/sdk-compat/sdk-compat-main.ts"],
  selvage: ["sdk/cli/main.ts"],
  soak: ["bench/main.ts", "soak"],
  start: ["sdk/cli/main.ts", "start"],
  test: ["test/check-main.ts", "--with-demo"],
  wpt: ["test/wpt/wpt-main.ts"],
};

process.exitCode = await main(process.argv.slice(2));

async function main([command, ...args]) {
  const program = Object.hasOwn(commands, command ?? "") ? commands[command] : null;
  if (program === null) {
    console.error(
      `Usage: node run.mjs <command> [arguments]\nreceived ${command ?? "nothing"}, allowed: ${Object.keys(commands).join(", ")}`,
    );
    return 2;
  }
  if (!isInstalled()) {
    const code = await install();
    if (code !== 0) return code;
  }
  const env = { ...process.env, PATH: `${join(packages, ".bin")}${delimiter}${process.env.PATH ?? ""}` };
  if (command !== "build") {
    const code = await run(nodePath, ["bundler/build-main.ts"], { env, stdio: ["ignore", 2, 2], cwd: root });
    if (code !== 0) return code;
  }
  const [file, ...first] = program;
  return run(nodePath, [join(root, file), ...first, ...args], { env, stdio: "inherit" });
}

/** Whether node_modules is what package-lock.json asks for: as this file left it, or as npm records it. */
function isInstalled() {
  if (!existsSync(nodePath)) return false;
  const lockText = readFileSync(lockPath, "utf8");
  const digest = digestOf(lockText);
  if (readOrNull(markerPath) === digest) return true;
  if (!holdsEverything(JSON.parse(lockText).packages)) return false;
  writeFileSync(markerPath, digest);
  return true;
}

/** Compares with the list that npm writes when it has finished. Optional packages may be for other systems. */
function holdsEverything(wanted) {
  const record = readOrNull(join(packages, ".package-lock.json"));
  if (record === null) return false;
  const installed = JSON.parse(record).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === "" || entry.optional === true || entry.devOptional === true || isSame(entry, installed[path]),
  );
}

function isSame(wanted, installed) {
  return installed !== undefined && installed.version === wanted.version && installed.integrity === wanted.integrity;
}

async function install() {
  console.error("Installing the packages of package-lock.json; this takes a minute when they are not cached");
  const startedMs = performance.now();
  const npm = process.env.npm_execpath;
  // Not `npm ci`: it refuses a lockfile without the optional packages of other systems, which not every registry has. What came is
  // compared with the lockfile below instead.
  const args = ["install", "--no-save", "--no-audit", "--no-fund"];
  const options = { env: process.env, stdio: ["ignore", 2, 2], cwd: root };
  const code =
    npm === undefined || !npm.endsWith(".js")
      ? await run(process.platform === "win32" ? "npm.cmd" : "npm", args, options)
      : await run(process.execPath, [npm, ...args], options);
  if (code !== 0) {
    console.error(`npm install failed with exit code ${code}`);
    return code;
  }
  if (!existsSync(nodePath)) {
    console.error("npm install left no Node.js 24 in node_modules: are install scripts switched off (ignore-scripts)?");
    return 1;
  }
  const lockText = readFileSync(lockPath, "utf8");
  if (!holdsEverything(JSON.parse(lockText).packages)) {
    console.error("npm install did not install what package-lock.json asks for: remove node_modules and try again");
    return 1;
  }
  writeFileSync(markerPath, digestOf(lockText));
  console.error(`Installed in ${Math.round((performance.now() - startedMs) / 1000)} s`);
  return 0;
}

/** Runs a program to its end and gives its exit code; signals to this process are passed on. */
function run(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, options);
    // A terminal sends SIGINT to both by itself; a second one would mean "at once" to the child.
    const forward = (signal) => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    const finish = (code) => {
      for (const signal of signals) process.off(signal, forward);
      resolve(code);
    };
    child.on("error", (error) => {
      console.error(`Cannot start ${program}: ${error.message}`);
      finish(1);
    });
    child.on("exit", (code, signal) => {
      finish(code ?? exitCodeOf(signal));
    });
  });
}

function exitCodeOf(signal) {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
  return 128 + (numbers[signal] ?? 1);
}

function digestOf(text) {
  return createHash("sha256").update(text).digest("hex");
}

function readOrNull(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
