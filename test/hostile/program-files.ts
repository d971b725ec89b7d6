/**
 * Hostile programs as files: one module each, its first line saying what it attacks.
 *
 * Invariant: a file that is not in this form is an error, not a program left out.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { functionLimitRanges, type FunctionLimits } from "../../sdk/limits.ts";

export interface HostileProgram {
  /** The file's name without its ending. */
  readonly name: string;
  readonly attack: string;
  readonly language: "js" | "ts";
  readonly code: string;
  /** What it is published with beside the runner's own. */
  readonly limits: Partial<FunctionLimits>;
}

const fileName = /^(?<name>.+)\.(?<ending>mjs|ts)$/;
const firstLine = /^\/\/ attack: *(?<attack>\S.*)$/;
const limitsLine = /^\/\/ limits: *(?<limits>\S.*)$/;
const limitWord = /^(?<key>\w+)=(?<value>\d{1,9})$/;

/**
 * The programs of a folder by name, sub-folders left out.
 * @throws Error for a folder that cannot be read or holds no program, a file without its first line, a name that is asked for and not there.
 */
export async function readPrograms(folder: string, only: readonly string[] = []): Promise<readonly HostileProgram[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && fileName.test(entry.name) && !entry.name.endsWith(".d.ts"))
    .map(({ name }) => name)
    .sort();
  const programs: HostileProgram[] = [];
  for (const name of names) programs.push(parseProgram(name, await readFile(join(folder, name), "utf8")));
  if (programs.length === 0) throw new Error(`There is no program (*.mjs, *.ts) in ${folder}`);
  const missing = only.find((wanted) => !programs.some(({ name }) => name === wanted));
  if (missing !== undefined) throw new Error(`There is no program ${JSON.stringify(missing)} in ${folder}`);
  return only.length === 0 ? programs : programs.filter(({ name }) => only.includes(name));
}

/**
 * A second line `// limits: cpuMs=3000 memoryMiB=64` is what the author would have set: a memory bomb has to get past its CPU limit.
 * @throws Error when the first line does not say what is attacked, or the second names a limit that there is not.
 */
export function parseProgram(file: string, code: string): HostileProgram {
  const { name, ending } = fileName.exec(file)?.groups ?? {};
  const [first = "", second = ""] = code.split(/\r?\n/, 2);
  const attack = firstLine.exec(first)?.groups?.["attack"];
  if (name === undefined || attack === undefined) {
    throw new Error(`${file}: the first line of a hostile program is "// attack: what it attacks"`);
  }
  const limits = parseLimits(file, limitsLine.exec(second)?.groups?.["limits"] ?? "");
  return { name, attack: attack.trim(), language: ending === "ts" ? "ts" : "js", code, limits };
}

function parseLimits(file: string, text: string): Partial<FunctionLimits> {
  const limits: Record<string, number> = {};
  for (const word of text.split(/[\s,]+/).filter((word) => word !== "")) {
    const { key = "", value } = limitWord.exec(word)?.groups ?? {};
    if (!Object.hasOwn(functionLimitRanges, key)) {
      throw new Error(`${file}: limits: received ${word}, allowed: ${Object.keys(functionLimitRanges).join("=N, ")}=N`);
    }
    limits[key] = Number(value);
  }
  return limits;
}
