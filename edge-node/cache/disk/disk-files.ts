/**
 * The few file operations that the disk store is made of, so that tests can make each of them fail, lie or hang.
 *
 * Everything but `readNow` goes through the thread pool: nothing else here can block the event loop. Invariant: a file that is not there is a value, every other
 * failure is thrown as the file system throws it.
 */
import fs from "node:fs";
import fsPromises from "node:fs/promises";

export type OpenMode = "existing" | "new";

export interface DiskFiles {
  /** A descriptor for reading and writing; undefined when an existing file is missing, or a new one is there already. */
  open(path: string, mode: OpenMode): Promise<number | undefined>;
  /** Fills `buffer` from `position`; returns how many bytes there were. */
  read(descriptor: number, buffer: Uint8Array, position: number): Promise<number>;
  /** Fills the buffer's start with what is at `place`, in the event loop itself: for what is in the system's memory. Returns how many bytes there were. */
  readNow(descriptor: number, buffer: Uint8Array, place: { readonly offset: number; readonly bytes: number }): number;
  /** Writes the parts one after the other from `position`; returns how many bytes were written. */
  write(descriptor: number, parts: readonly Uint8Array[], position: number): Promise<number>;
  truncate(descriptor: number, bytes: number): Promise<void>;
  close(descriptor: number): Promise<void>;
  /** Undefined when it is missing or no plain file. `file` tells one file from another of the same name. */
  stat(path: string): Promise<{ readonly bytes: number; readonly file: string } | undefined>;
  statOpen(descriptor: number): Promise<{ readonly bytes: number; readonly file: string }>;
  /** Names in the folder; undefined when it is missing. */
  list(folder: string): Promise<readonly string[] | undefined>;
  readWhole(path: string): Promise<Buffer | undefined>;
  /** Replaces the file in one step. `tag` is unique among writers. */
  replaceWhole(path: string, options: { readonly bytes: string; readonly tag: string }): Promise<void>;
  /** False when `from` is missing. */
  rename(from: string, to: string): Promise<boolean>;
  /** Harmless when it is missing. */
  remove(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
}

export const nodeDiskFiles: DiskFiles = {
  open: (path, mode) => orUndefined(openFile(path, mode), mode === "new" ? "EEXIST" : "ENOENT"),
  read: (descriptor, buffer, position) =>
    new Promise((resolve, reject) => {
      fs.read(descriptor, buffer, 0, buffer.byteLength, position, (error, bytes) =>
        error === null ? resolve(bytes) : reject(error),
      );
    }),
  readNow: (descriptor, buffer, { offset, bytes }) => fs.readSync(descriptor, buffer, 0, bytes, offset),
  write: (descriptor, parts, position) =>
    new Promise((resolve, reject) => {
      fs.writev(descriptor, parts, position, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
    }),
  truncate: (descriptor, bytes) =>
    new Promise((resolve, reject) => {
      fs.ftruncate(descriptor, bytes, (error) => (error === null ? resolve() : reject(error)));
    }),
  close: (descriptor) =>
    new Promise((resolve, reject) => {
      fs.close(descriptor, (error) => (error === null || error === undefined ? resolve() : reject(error)));
    }),
  stat: async (path) => {
    const found = await orUndefined(fsPromises.stat(path), "ENOENT");
    return found?.isFile() === true ? { bytes: found.size, file: `${found.dev}:${found.ino}` } : undefined;
  },
  statOpen: (descriptor) =>
    new Promise((resolve, reject) => {
      fs.fstat(descriptor, (error, found) =>
        error === null ? resolve({ bytes: found.size, file: `${found.dev}:${found.ino}` }) : reject(error),
      );
    }),
  list: (folder) => orUndefined(fsPromises.readdir(folder), "ENOENT"),
  readWhole: (path) => orUndefined(fsPromises.readFile(path), "ENOENT"),
  replaceWhole: async (path, { bytes, tag }) => {
    const temporary = `${path}.${tag}.tmp`;
    await fsPromises.writeFile(temporary, bytes, { mode: 0o600 });
    await fsPromises.rename(temporary, path);
  },
  rename: async (from, to) =>
    (await orUndefined(
      fsPromises.rename(from, to).then(() => true),
      "ENOENT",
    )) ?? false,
  remove: (path) => fsPromises.rm(path, { force: true }),
  removeFolder: (path) => fsPromises.rm(path, { recursive: true, force: true }),
  makeFolder: async (path) => {
    await fsPromises.mkdir(path, { recursive: true, mode: 0o700 });
  },
};

function openFile(path: string, mode: OpenMode): Promise<number> {
  const flags = fs.constants.O_RDWR | (mode === "new" ? fs.constants.O_CREAT | fs.constants.O_EXCL : 0);
  return new Promise((resolve, reject) => {
    fs.open(path, flags, 0o600, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)));
  });
}

async function orUndefined<T>(promise: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (codeOf(error) === code) return undefined;
    throw error;
  }
}

/** The file system's word for a failure, such as `ENOSPC`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}
