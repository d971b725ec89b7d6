/** Folders of files for tests, removed afterwards. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TemporaryFolder {
  /** Real path. */
  readonly path: string;
  /** Writes files by relative path; `-> TARGET` makes a link. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  remove(): Promise<void>;
}

export async function temporaryFolder(files: Readonly<Record<string, string>> = {}): Promise<TemporaryFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "selvage-test-")));
  const folder: TemporaryFolder = {
    path,
    write: async (more) => {
      for (const [name, content] of Object.entries(more)) {
        const file = join(path, name);
        await mkdir(dirname(file), { recursive: true });
        if (content.startsWith("-> ")) await symlink(content.slice(3), file);
        else await writeFile(file, content);
      }
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
  await folder.write(files);
  return folder;
}
