/**
 * Makes one function out of a test: testharness.js, its META scripts and the test itself in one scope, as a page would run them,
 * started by a request and answered with the results as JSON.
 */
import { readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import type { TestRun } from "./find-runs.ts";

export interface ProgramOptions {
  readonly wptRoot: string;
  /** Where the test's own files are served, without a path. */
  readonly serverUrl: string;
  /** After this time the test is asked to report what it has, milliseconds. */
  readonly guardMs: number;
}

const guestFolder = join(import.meta.dirname, "guest");

/** The module to publish for a run. */
export async function programOf(run: TestRun, options: ProgramOptions): Promise<string> {
  const { wptRoot, serverUrl, guardMs } = options;
  const testUrl = `${serverUrl}/${run.file.replace(/\.any\.js$/, ".any.html")}${run.variant}`;
  const scripts = await Promise.all(run.meta.scripts.map((script) => readScript(script, run.file, options)));
  const parts = [
    `const testUrl = ${JSON.stringify(testUrl)}, guardMs = ${guardMs};`,
    await readFile(join(guestFolder, "environment.js"), "utf8"),
    await readFile(join(wptRoot, "resources/testharness.js"), "utf8"),
    await readFile(join(guestFolder, "report.js"), "utf8"),
    ...scripts,
    inItsOwnMode(await readScript(`/${run.file}`, run.file, options)),
    "globalThis.__wptReport;",
  ];
  const text = JSON.stringify(parts.join("\n;\n"));
  return `const program = ${text};
const evaluate = eval;
const Answer = Response;
export default {
  async fetch() {
    return new Answer(await evaluate(program), { headers: { "content-type": "application/json" } });
  },
};
`;
}

/** A directive is one only where a script or a function begins; nothing is declared in the last script for others. */
function inItsOwnMode(script: string): string {
  return isStrict.test(script) ? `(() => {\n${script}\n})();` : script;
}

const isStrict = /^(?:\s|\/\/.*|\/\*[^]*?\*\/)*['"]use strict['"]/;

async function readScript(script: string, testFile: string, options: ProgramOptions): Promise<string> {
  // Served under this name by the project's own server (web-platform-tests, "tools/serve").
  const name = script === "/resources/WebIDLParser.js" ? "/resources/webidl2/lib/webidl2.js" : script;
  const path = name.startsWith("/") ? name.slice(1) : posix.join(dirname(testFile), name);
  const text = await readFile(join(options.wptRoot, path), "utf8");
  return path.includes(".sub.") ? substitute(text, options.serverUrl) : text;
}

/** The substitutions of the server's `sub` pipe that occur here. */
export function substitute(text: string, serverUrl: string): string {
  const { hostname, port, host } = new URL(serverUrl);
  return text
    .replaceAll(/\{\{host\}\}|\{\{domains\[[^\]]*\]\}\}|\{\{hosts\[[^}]*\}\}/g, hostname)
    .replaceAll(/\{\{ports\[[^}]*\}\}/g, port)
    .replaceAll(/\{\{location\[host\]\}\}/g, host)
    .replaceAll(/\{\{location\[server\]\}\}/g, serverUrl);
}
