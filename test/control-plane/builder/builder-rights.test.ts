/** What a builder process may do, tried from inside one: the entry is replaced by a probe with the same flags. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { spawnBuilder } from "../../../control-plane/builder/builder-process.ts";

const projectRoot = dirname(dirname(dirname(import.meta.dirname)));

/** Runs `code` with the flags and environment of a builder; gives what it prints. */
async function probe(code: string): Promise<string> {
  const builder = spawnBuilder({ nodePath: process.execPath, projectRoot });
  const flags = builder.process.spawnargs.slice(1, -1);
  builder.process.kill("SIGKILL");
  const child = spawn(process.execPath, [...flags, "--input-type=module", "--eval", code], {
    cwd: projectRoot,
    env: {},
  });
  return text(child.stdout);
}

const attempt = (expression: string): string =>
  `try { await (${expression}); console.log("allowed"); } catch (error) { console.log(error.code); }`;

describe("a builder", () => {
  it("has no environment", async () => {
    expect(await probe("console.log(JSON.stringify(process.env))")).toBe("{}\n");
  });

  it.each([
    ["read a system file", 'import("node:fs").then((fs) => fs.readFileSync("/etc/passwd"))'],
    ["list the project", `import("node:fs").then((fs) => fs.readdirSync(${JSON.stringify(projectRoot)}))`],
    [
      "read the store",
      `import("node:fs").then((fs) => fs.readFileSync(${JSON.stringify(join(projectRoot, "data/x"))}))`,
    ],
    [
      "write its own code",
      `import("node:fs").then((fs) => fs.writeFileSync(${JSON.stringify(join(projectRoot, "sdk/x"))}, ""))`,
    ],
    ["start a process", 'import("node:child_process").then((cp) => cp.execFileSync("id"))'],
    ["start a worker", 'import("node:worker_threads").then((w) => new w.Worker("1", { eval: true }))'],
  ])("may not %s", async (_name, expression) => {
    expect(await probe(attempt(expression))).toBe("ERR_ACCESS_DENIED\n");
  });

  it("may read the runtime", async () => {
    const path = JSON.stringify(join(projectRoot, "runtime/evaluate-module.ts"));
    expect(await probe(attempt(`import("node:fs").then((fs) => fs.readFileSync(${path}))`))).toBe("allowed\n");
  });
});
