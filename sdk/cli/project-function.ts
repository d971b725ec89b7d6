/** The function that a project folder holds. */
import { readProjectEntry } from "../project-source.ts";
import { CliError, exitCodes } from "./exit-code.ts";

/** @throws CliError when the folder has no usable selvage.json. */
export async function projectFunctionName(folder: string): Promise<string> {
  const entry = await readProjectEntry(folder);
  if (entry.ok) return entry.value.file.name;
  throw new CliError(exitCodes.usage, `no function is named, and ${folder} is no project: use --function NAME`);
}
