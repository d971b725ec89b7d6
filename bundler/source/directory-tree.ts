/**
 * A source tree on disk. Directories are listed when they are first asked for, and links are followed by hand.
 *
 * Invariant: every file opened is reached from the root through listed names; a link that points out of the root, to a device,
 * or around in a circle is absent. The tree must not be changed by others meanwhile.
 */
import { constants } from "node:fs";
import { open, readdir, readlink, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { joinPath, parentOf, type SourcePath } from "./source-path.ts";
import { SourceReadError, fileTooLarge, type EntryKind, type SourceEntry, type SourceTree } from "./source-tree.ts";

const linksMax = 40;

type ListedKind = EntryKind | "link" | "other";

export class DirectoryTree implements SourceTree {
  readonly #root: string;
  readonly #listings = new Map<SourcePath, Promise<ReadonlyMap<string, ListedKind>>>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** @throws when `root` cannot be resolved on this machine. */
  static async open(root: string): Promise<DirectoryTree> {
    return new DirectoryTree(await realpath(root));
  }

  async find(path: SourcePath): Promise<SourceEntry | null> {
    return this.#walk(path, linksMax);
  }

  async read(path: SourcePath, bytesMax: number): Promise<Uint8Array> {
    const entry = await this.find(path);
    if (entry?.kind !== "file" || entry.path !== path) throw new SourceReadError("does not exist");
    const file = await open(this.#absolute(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat();
      if (size > bytesMax) throw fileTooLarge(size, bytesMax);
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  async #walk(path: SourcePath, linksLeft: number): Promise<SourceEntry | null> {
    if (path === "") return { kind: "directory", path };
    const parent = await this.#walk(parentOf(path), linksLeft);
    if (parent?.kind !== "directory") return null;
    const name = path.slice(path.lastIndexOf("/") + 1);
    const listing = await this.#list(parent.path);
    const own = parent.path === "" ? name : `${parent.path}/${name}`;
    const kind = listing.get(name);
    if (kind === "file" || kind === "directory") return { kind, path: own };
    if (kind !== "link" || linksLeft === 0) return null;
    const target = await this.#linkTarget(own);
    return target === null ? null : this.#walk(target, linksLeft - 1);
  }

  #list(directory: SourcePath): Promise<ReadonlyMap<string, ListedKind>> {
    let listing = this.#listings.get(directory);
    if (listing === undefined) {
      listing = this.#readListing(directory);
      this.#listings.set(directory, listing);
    }
    return listing;
  }

  async #readListing(directory: SourcePath): Promise<ReadonlyMap<string, ListedKind>> {
    const entries = await readdir(this.#absolute(directory), { withFileTypes: true });
    return new Map(
      entries.map((entry) => {
        const kind = entry.isFile()
          ? "file"
          : entry.isDirectory()
            ? "directory"
            : entry.isSymbolicLink()
              ? "link"
              : "other";
        return [entry.name, kind];
      }),
    );
  }

  async #linkTarget(link: SourcePath): Promise<SourcePath | null> {
    const target = await readlink(this.#absolute(link));
    if (!isAbsolute(target)) return joinPath(parentOf(link), target.split(sep).join("/"));
    const inside = relative(this.#root, target);
    return isAbsolute(inside) ? null : joinPath("", inside.split(sep).join("/"));
  }

  #absolute(path: SourcePath): string {
    return join(this.#root, path);
  }
}
