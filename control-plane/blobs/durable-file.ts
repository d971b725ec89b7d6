/** Files that are whole or absent after a crash: written new, flushed, and made visible by the caller's rename. */
import { open } from "node:fs/promises";

/** Writes a file that must not exist yet. With `durable` its bytes are on the disk when this resolves. */
export async function writeNewFile(
  file: string,
  bytes: Uint8Array | string,
  { mode, durability }: { readonly mode: number; readonly durability: "durable" | "best-effort" },
): Promise<void> {
  const handle = await open(file, "wx", mode);
  try {
    await handle.writeFile(bytes);
    if (durability === "durable") await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes renames and new names in `folder` durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
