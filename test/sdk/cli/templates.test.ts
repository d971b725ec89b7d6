/** Claim: what `selvage init` writes type-checks on its own, with no package installed. */
import { execFile } from "node:child_process";
import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { projectRoot } from "../../../bench/harness/project-files.ts";
import { readProject } from "../../../sdk/project-source.ts";
import { parsedValue } from "../expect-problems.ts";
import { temporaryFolder, type TemporaryFolder } from "../project/temporary-project.ts";
import { runTool } from "./run-tool.ts";

const run = promisify(execFile);
let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await folder.remove();
});

async function typeCheck(): Promise<string> {
  const tsc = join(projectRoot, "node_modules/typescript/bin/tsc");
  const done = run(process.execPath, [tsc, "-p", folder.path]);
  return done.then(
    () => "",
    (error: unknown) => (error as { stdout: string }).stdout,
  );
}

describe.each(["fetch", "client-request", "event"])("the template %s", (template) => {
  test("type-checks, and publishes its sources", { timeout: 180_000 }, async () => {
    const { code } = await runTool(["init", ".", "--name", "hello", "--template", template], {
      workingDirectory: folder.path,
    });
    expect(code).toBe(0);
    expect(await typeCheck()).toBe("");
    const { files, file } = parsedValue(await readProject({ directory: folder.path }));
    expect(file.name).toBe("hello");
    expect(files.map(({ path }) => path)).toContain("src/index.ts");
  });

  test("does not compile with an API the runtime lacks, or a wrong hook", { timeout: 180_000 }, async () => {
    await runTool(["init", ".", "--name", "hello", "--template", template], { workingDirectory: folder.path });
    const wrong = `import type { EdgeFunction } from "@selvage/sdk";
import { readFile } from "node:fs/promises";
document.title = "x";
export default { clientRequest() { return 7; } } satisfies EdgeFunction;
void readFile;
`;
    await writeFile(join(folder.path, "src/index.ts"), wrong);
    const output = await typeCheck();
    expect(output).toContain("'document'");
    expect(output).toContain("node:fs/promises");
    expect(output).toMatch(/number.*RequestHookResult/s);
  });
});

describe("init", () => {
  test("does not write through a link that is in the way", async () => {
    const elsewhere = await temporaryFolder({ "target.ts": "kept" });
    try {
      await folder.write({ "src/index.ts": `-> ${join(elsewhere.path, "target.ts")}` });
      const { code, stderr } = await runTool(["init", ".", "--name", "hello"], { workingDirectory: folder.path });
      expect(code).toBe(3);
      expect(stderr).toContain("src/index.ts: exists");
      await rm(join(folder.path, "src/index.ts"));
      await symlink("/nowhere", join(folder.path, "selvage.json"));
      expect((await runTool(["init", ".", "--name", "hello"], { workingDirectory: folder.path })).code).toBe(3);
    } finally {
      await elsewhere.remove();
    }
  });
});
