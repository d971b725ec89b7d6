/**
 * The purges a node has taken, on its disk, so that a restart forgets none.
 *
 * Invariant: what `save` resolved with survives kill -9. A damaged file is told as such: the node must then treat everything as purged.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { digestOf } from "../../sdk/artifact-format.ts";
import { formatProblems } from "../../sdk/problem.ts";
import { isMissing, writeAtomically } from "../artifacts/write-atomically.ts";
import { parseKeptPurges, type KeptPurges } from "./purges-parser.ts";

export type PurgeFileRead =
  | ({ readonly kind: "found" } & KeptPurges)
  | { readonly kind: "missing" }
  | { readonly kind: "damaged"; readonly reason: string };

export class PurgeFile {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = path.join(folder, "purges.json");
  }

  /** Never throws for what is in the file. */
  async load(): Promise<PurgeFileRead> {
    try {
      return readContent(JSON.parse(await readFile(this.#file, "utf8")));
    } catch (error) {
      return isMissing(error) ? { kind: "missing" } : { kind: "damaged", reason: String(error) };
    }
  }

  /** Replaces the file. Throws what the file system throws. */
  async save({ position, purges }: KeptPurges): Promise<void> {
    const content = { position, purges };
    const bytes = JSON.stringify({ format: 1, sha256: checksum(content), content });
    await writeAtomically({ file: this.#file, tag: "new", bytes });
  }
}

function readContent(file: unknown): PurgeFileRead {
  if (typeof file !== "object" || file === null || !("sha256" in file) || !("content" in file)) {
    return { kind: "damaged", reason: "has no checksum or no content" };
  }
  if (file.sha256 !== checksum(file.content)) return { kind: "damaged", reason: "does not fit its checksum" };
  const parsed = parseKeptPurges(file.content);
  return parsed.ok
    ? { kind: "found", ...parsed.value }
    : { kind: "damaged", reason: formatProblems(parsed.problems.slice(0, 20)) };
}

function checksum(content: unknown): string {
  return digestOf(new TextEncoder().encode(JSON.stringify(content)));
}
