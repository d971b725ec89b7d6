/**
 * Collects the files of one publish and refuses to grow beyond `publishLimits`.
 *
 * Invariant: paths are unique, relative and without `..`; the list never holds more than one file beyond its bounds, so a
 * folder of millions of files costs no more than a refusal.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { publishLimits } from "../limits.ts";
import { refuseSourcePath } from "../manifest-file.ts";
import type { Problem } from "../problem.ts";
import { isSourceFile, isSourceFolder, type SourceOwner } from "./source-filter.ts";

export interface SourceFile {
  /** Relative to the project, `/` separated. */
  readonly path: string;
  /** Where it is on this machine. */
  readonly location: string;
  readonly bytes: number;
}

/** A folder on this machine and where its files go in the list (empty: the root). */
export interface SourceFolder {
  readonly location: string;
  readonly path: string;
  readonly owner: SourceOwner;
}

export class SourceList {
  readonly #files = new Map<string, SourceFile>();
  readonly #problems: Problem[] = [];
  #bytes = 0;

  get files(): readonly SourceFile[] {
    return [...this.#files.values()];
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Adds every source file below `folder`; file links are followed, folder links are not. */
  async addFolder(folder: SourceFolder): Promise<void> {
    const entries = await readdir(folder.location, { withFileTypes: true });
    for (const entry of entries) {
      if (this.#problems.length > 0) return;
      const location = join(folder.location, entry.name);
      const path = folder.path === "" ? entry.name : `${folder.path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (isSourceFolder(entry.name, folder.owner)) await this.addFolder({ ...folder, location, path });
      } else if (isSourceFile(entry.name, folder.owner)) {
        const found = await stat(location);
        if (found.isFile()) this.#add({ path, location, bytes: found.size });
      }
    }
  }

  #add(file: SourceFile): void {
    const { sourceFilesMax, sourceBytesMax, bundleBytesMax } = publishLimits;
    const refusal = refuseSourcePath(file.path);
    if (refusal !== null) this.#report(file.path, `is not a path that can be published, allowed: ${refusal}`);
    if (file.bytes > bundleBytesMax) {
      this.#report(file.path, `received ${file.bytes} bytes, allowed: at most ${bundleBytesMax} in one file`);
    }
    this.#files.set(file.path, file);
    this.#bytes += file.bytes;
    if (this.#files.size > sourceFilesMax) {
      this.#report(
        "sources",
        `received more than ${sourceFilesMax} files, allowed: ${sourceFilesMax}; ${this.#largest()}`,
      );
    } else if (this.#bytes > sourceBytesMax) {
      this.#report(
        "sources",
        `received more than ${sourceBytesMax} bytes, allowed: ${sourceBytesMax}; ${this.#largest()}`,
      );
    }
  }

  #report(path: string, message: string): void {
    this.#problems.push({ path, message });
  }

  /** The three folders with most bytes, so that the author sees what to remove. */
  #largest(): string {
    const sizes = new Map<string, { bytes: number; files: number }>();
    for (const { path, bytes } of this.#files.values()) {
      const folder = /^(?:.*node_modules\/(?:@[^/]+\/)?[^/]+|[^/]+)(?=\/|$)/.exec(path)?.[0] ?? path;
      const size = sizes.get(folder) ?? { bytes: 0, files: 0 };
      sizes.set(folder, { bytes: size.bytes + bytes, files: size.files + 1 });
    }
    const top = [...sizes].sort(([, a], [, b]) => b.bytes - a.bytes).slice(0, 3);
    return `largest: ${top.map(([folder, { bytes, files }]) => `${folder} (${files} files, ${bytes} bytes)`).join(", ")}`;
  }
}
