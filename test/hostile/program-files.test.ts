import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseProgram, readPrograms } from "./program-files.ts";

const corpus = join(import.meta.dirname, "programs");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-programs-"));
  await writeFile(join(folder, "b.ts"), "// attack: CPU\nexport default {};\n");
  await writeFile(join(folder, "a.mjs"), "// attack: memory, in arrays\nexport default {};\n");
  await writeFile(join(folder, "notes.md"), "not a program");
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

describe("readPrograms()", () => {
  it("finds modules by name, with what they attack, and nothing else", async () => {
    expect((await readPrograms(folder)).map(({ name, attack, language }) => [name, attack, language])).toEqual([
      ["a", "memory, in arrays", "js"],
      ["b", "CPU", "ts"],
    ]);
  });

  it("gives those that are asked for, and refuses a name that is not there", async () => {
    expect((await readPrograms(folder, ["b"])).map(({ name }) => name)).toEqual(["b"]);
    await expect(readPrograms(folder, ["c"])).rejects.toThrow('There is no program "c"');
  });

  it("the corpus has at least 60 programs, each with a name of its own and something it attacks", async () => {
    const programs = await readPrograms(corpus);
    expect(programs.length).toBeGreaterThanOrEqual(60);
    expect(new Set(programs.map(({ name }) => name)).size).toBe(programs.length);
    expect(new Set(programs.map(({ attack }) => attack)).size).toBe(programs.length);
  });
});

describe("parseProgram()", () => {
  it("reads limits from the second line", () => {
    const code = "// attack: memory\n// limits: cpuMs=3000, memoryMiB=64\nexport default {};\n";
    expect(parseProgram("a.mjs", code).limits).toEqual({ cpuMs: 3_000, memoryMiB: 64 });
    expect(parseProgram("a.mjs", code.replace("// limits", "// Limits")).limits).toEqual({});
  });

  it.each(["hurry=1", "cpuMs=", "cpuMs=-1", "cpuMs", "toString=1"])("refuses the limit %s", (limit) => {
    expect(() => parseProgram("a.mjs", `// attack: x\n// limits: ${limit}\n`)).toThrow(
      `a.mjs: limits: received ${limit}`,
    );
  });

  it.each(["", "export default {};", "\n// attack: late", "// attack:", "// attack:   ", "/* attack: x */"])(
    "refuses the first line %j",
    (code) => {
      expect(() => parseProgram("a.mjs", code)).toThrow('a.mjs: the first line of a hostile program is "// attack:');
    },
  );
});
