/**
 * The last line of a backup: the SHA-256 of everything before it, so that one that was cut off or changed is known before anything is read of it.
 *
 * A backup is a SQLite database followed by this line; SQLite itself does not look behind its last page.
 */
const form = "selvage-backup-1";

/** Bytes of the footer. */
export const backupFooterBytes: number = footerOf("0".repeat(64)).length;

/** `digest` is in 64 lower-case hexadecimal digits. */
export function footerOf(digest: string): string {
  return `\n${form} ${digest}\n`;
}

/** The digest it names, or null when this is no footer. */
export function parseBackupFooter(text: string): string | null {
  return new RegExp(`^\\n${form} ([0-9a-f]{64})\\n$`).exec(text)?.[1] ?? null;
}
