#!/usr/bin/env node
/**
 * Starts the command line tool under a Node that can run it: this one when it is Node 24 or newer, else the one that
 * `npm install` put into node_modules. Plain JavaScript for Node 20 and newer; knows nothing of the tool itself.
 */
import { spawn } from "node:child_process";
import { createRequire, enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
// Compiled modules are kept in a folder of this user's: a start takes half the time.
const compileCache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "selvage", "compile-cache");
const main = fileURLToPath(new URL("./main.ts", import.meta.url));

if (Number(process.versions.node.split(".", 1)[0]) >= NODE_MAJOR_MIN) {
  if (!process.env.NODE_COMPILE_CACHE && !process.env.NODE_DISABLE_COMPILE_CACHE) enableCompileCache(compileCache);
  await import("./main.ts");
} else {
  runUnderNewerNode();
}

function runUnderNewerNode() {
  const node = findNode();
  if (node === null) {
    console.error(
      `selvage needs Node ${NODE_MAJOR_MIN}: this is ${process.versions.node}, and node_modules has none: run npm install`,
    );
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
  });
  // The terminal sends signals to both; only what reaches this process alone is passed on, and this process outlives the child.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`selvage cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    process.exit(code ?? (signal === "SIGINT" ? 130 : 1));
  });
}

/** The binary of the npm package `node`. */
function findNode() {
  try {
    const require = createRequire(import.meta.url);
    return join(
      dirname(require.resolve("node/package.json")),
      "bin",
      process.platform === "win32" ? "node.exe" : "node",
    );
  } catch {
    return null;
  }
}
