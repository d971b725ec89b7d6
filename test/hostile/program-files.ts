/**
 * Hostile programs as files: one module each, its first line saying what it attacks.
 *
 * Invariant: a file that is not in this form is an error, not a program left out.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface HostileProgram {
  /** The file's name without its ending. */
  readonly name: string;
  readonly attack: string;
  readonly language: "js" | "ts";
  readonly code: string;
}

const fileName = /^(?<name>.+)\.(?<ending>mjs|ts)$/;
const firstLine = /^\/\/ attack: *(?<attack>\S.*)$/;

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

/** @throws Error when the first line does not say what is attacked. */
export function parseProgram(file: string, code: string): HostileProgram {
  const { name, ending } = fileName.exec(file)?.groups ?? {};
  const attack = firstLine.exec(code.split(/\r?\n/, 1)[0] ?? "")?.groups?.["attack"];
  if (name === undefined || attack === undefined) {
    throw new Error(`${file}: the first line of a hostile program is "// attack: what it attacks"`);
  }
  return { name, attack: attack.trim(), language: ending === "ts" ? "ts" : "js", code };
}
