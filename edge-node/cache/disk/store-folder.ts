/**
 * Finds the store in a folder or begins a new one, and notices when it is not the one in use any more.
 *
 * A store is a folder of its own below the configured one, so that beginning anew is one replaced file, whatever else lies there. Its name
 * comes from what was found, so that fronts that begin at the same time begin the same one. Names that are not a store's are never touched.
 */
import { hash } from "node:crypto";
import path from "node:path";
import type { DiskFiles } from "./disk-files.ts";
import { indexPath } from "./segment-names.ts";
import { bucketBytes } from "./slot-bucket.ts";
import { formatFileName, formatStore, isStoreName, layOut, readFormat, type StoreFormat } from "./store-format.ts";

export interface StoreFolderOptions {
  readonly folder: string;
  readonly bytesMax: number;
  readonly files: DiskFiles;
  /** 16 random hexadecimal digits, anew with each call. */
  readonly randomName: () => string;
}

export interface FoundStore {
  readonly format: StoreFormat;
  readonly folder: string;
  /** Of the index. */
  readonly descriptor: number;
  /** Tells this index from another of the same name. */
  readonly indexFile: string;
  /** Why the store that was there is not used; null when there was none, or it is. */
  readonly rebuilt: string | null;
}

export class StoreFolder {
  readonly #options: StoreFolderOptions;

  constructor(options: StoreFolderOptions) {
    this.#options = options;
  }

  /** Throws what the file system throws. */
  async open(): Promise<FoundStore> {
    const { folder, files, bytesMax } = this.#options;
    await files.makeFolder(folder);
    const text = await files.readWhole(this.#formatFile);
    const name = hash("sha256", `${text?.toString() ?? ""}\n${bytesMax}`).slice(0, 16);
    if (text === undefined) return this.#begin(name, null);
    const read = readFormat(text.toString(), bytesMax);
    if (!read.ok) return this.#begin(name, read.reason);
    const store = await this.#openIndex(read.format, null);
    return store ?? this.#begin(name, "index missing");
  }

  /** A new, empty store instead of the present one; the other fronts follow when they notice. */
  beginAnew(reason: string): Promise<FoundStore> {
    return this.#begin(this.#options.randomName(), reason);
  }

  async #begin(name: string, reason: string | null): Promise<FoundStore> {
    const { folder, files, bytesMax, randomName } = this.#options;
    const format = layOut(name, bytesMax);
    await files.makeFolder(path.join(folder, format.store));
    const descriptor = await files.open(indexPath(path.join(folder, format.store)), "new");
    if (descriptor !== undefined) await files.close(descriptor);
    await files.replaceWhole(this.#formatFile, { bytes: formatStore(format), tag: randomName() });
    const store = await this.#openIndex(format, reason);
    if (store === undefined) throw new Error("Cannot begin a store: another front removed it");
    return store;
  }

  /** Whether `store` is the one in use and its files are those that were opened. */
  async isInUse(store: FoundStore): Promise<boolean> {
    const { files, bytesMax } = this.#options;
    const text = await files.readWhole(this.#formatFile);
    if (text === undefined) return false;
    const read = readFormat(text.toString(), bytesMax);
    if (!read.ok || read.format.store !== store.format.store) return false;
    return (await files.stat(indexPath(store.folder)))?.file === store.indexFile;
  }

  /** Removes stores that are not in use. */
  async removeOthers(store: FoundStore): Promise<void> {
    const { folder, files } = this.#options;
    for (const name of (await files.list(folder)) ?? []) {
      if (!isStoreName(name) || name === store.format.store) continue;
      // Another front may just have begun this one.
      if (await this.isInUse(store)) await files.removeFolder(path.join(folder, name));
    }
  }

  async #openIndex(format: StoreFormat, rebuilt: string | null): Promise<FoundStore | undefined> {
    const { files } = this.#options;
    const folder = path.join(this.#options.folder, format.store);
    const descriptor = await files.open(indexPath(folder), "existing");
    if (descriptor === undefined) return undefined;
    const { bytes, file } = await files.statOpen(descriptor);
    const indexBytes = format.buckets * bucketBytes;
    // What is missing at the end is empty.
    if (bytes !== indexBytes) await files.truncate(descriptor, indexBytes);
    return { format, folder, descriptor, indexFile: file, rebuilt };
  }

  get #formatFile(): string {
    return path.join(this.#options.folder, formatFileName);
  }
}
