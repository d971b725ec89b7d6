/** `selvage backup`: everything the control plane keeps, in one file on this machine. */
import { createHash } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { backupFooterBytes, parseBackupFooter } from "../../backup-footer.ts";
import { CliError, exitCodes } from "../exit-code.ts";
import { examples, type AddCommand } from "../session.ts";

export const addBackup: AddCommand = (program, open_) => {
  program
    .command("backup")
    .description("save rows and artifacts in one file; the master key is not in it: copy it apart")
    .option("--to <file>", "file to write, which must not exist (default: selvage-TIME.backup)")
    .addHelpText("after", examples("backup", "backup --to /mnt/backups/monday.backup"))
    .action(async ({ to }: { to?: string }, command) => {
      const { client, output, context } = open_(command);
      const time = new Date(context.nowMs()).toISOString().replace(/\D/g, "").slice(0, 14);
      const file = resolve(context.workingDirectory, to ?? `selvage-${time}.backup`);
      if (await exists(file)) throw new CliError(exitCodes.refused, `--to: ${file} exists already`);
      const progress = output.progress("saving");
      try {
        const bytes = await save((await client()).backup(), file);
        output.result({ file, bytes }, `saved ${String(bytes)} bytes in ${file}; keep the master key apart from it`);
      } finally {
        progress.stop();
      }
    });
};

/** Under another name until it is whole and on the disk. */
async function save(chunks: AsyncIterable<Uint8Array>, file: string): Promise<number> {
  const unfinished = `${file}.part`;
  const handle = await open(unfinished, "w", 0o600);
  try {
    const hash = createHash("sha256");
    let end: Buffer = Buffer.alloc(0);
    let bytes = 0;
    for await (const chunk of chunks) {
      await handle.writeFile(chunk);
      bytes += chunk.byteLength;
      // What may be the footer is hashed only once it is known not to be.
      const all = Buffer.concat([end, chunk]);
      const known = Math.max(0, all.byteLength - backupFooterBytes);
      hash.update(all.subarray(0, known));
      end = all.subarray(known);
    }
    if (parseBackupFooter(end.toString("latin1")) !== hash.digest("hex")) {
      throw new CliError(exitCodes.failure, "the backup arrived incomplete: try again");
    }
    await handle.sync();
    await rename(unfinished, file);
    return bytes;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}
