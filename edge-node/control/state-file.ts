/**
 * The last state a node served, on its disk, so that it serves without the control plane after a restart.
 *
 * Holds secrets only sealed. Invariants: a file is used only when its checksum fits and its content parses as a state from the wire
 * would; a damaged file never replaces the generation before it (`state.previous.json`).
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { digestOf } from "../../sdk/artifact-format.ts";
import type { DesiredState } from "../../sdk/desired-state.ts";
import { formatProblems } from "../../sdk/problem.ts";
import { isMissing, writeAtomically } from "../artifacts/write-atomically.ts";
import type { Logger } from "../logger.ts";
import { parseDesiredState } from "./stream-message-parser.ts";

type FileRead =
  | { readonly kind: "found"; readonly state: DesiredState }
  | { readonly kind: "missing" }
  | { readonly kind: "damaged"; readonly reason: string };

export class StateFile {
  readonly #file: string;
  readonly #previous: string;
  readonly #logger: Logger;
  /** The present file was read or written whole, so it is worth keeping as the previous generation. */
  #presentIsGood = false;

  constructor(folder: string, { logger }: { readonly logger: Logger }) {
    this.#file = path.join(folder, "state.json");
    this.#previous = path.join(folder, "state.previous.json");
    this.#logger = logger;
  }

  /** The newest generation that is whole, or null. Never throws for what is in the files. */
  async load(): Promise<DesiredState | null> {
    for (const file of [this.#file, this.#previous]) {
      const read = await readStateFile(file);
      if (read.kind === "damaged") this.#logger.error({ file, reason: read.reason }, "state.file.damaged");
      if (read.kind !== "found") continue;
      this.#presentIsGood = file === this.#file;
      this.#logger.info({ file, revision: read.state.revision }, "state.file.loaded");
      return read.state;
    }
    return null;
  }

  /** Replaces the file. Throws what the file system throws. */
  async save(state: DesiredState): Promise<void> {
    const sha256 = checksum(state);
    const generation = this.#presentIsGood ? { previous: this.#previous } : {};
    await writeAtomically({
      file: this.#file,
      tag: "new",
      bytes: JSON.stringify({ format: 1, sha256, state }),
      ...generation,
    });
    this.#presentIsGood = true;
  }
}

async function readStateFile(file: string): Promise<FileRead> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return isMissing(error) ? { kind: "missing" } : { kind: "damaged", reason: String(error) };
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { kind: "damaged", reason: "is not JSON" };
  }
  if (typeof content !== "object" || content === null || !("sha256" in content) || !("state" in content)) {
    return { kind: "damaged", reason: "has no checksum or no state" };
  }
  if (content.sha256 !== checksum(content.state)) return { kind: "damaged", reason: "does not fit its checksum" };
  const parsed = parseDesiredState(content.state);
  return parsed.ok
    ? { kind: "found", state: parsed.value }
    : { kind: "damaged", reason: formatProblems(parsed.problems) };
}

/** Of the state's JSON, which is the same before it is written and after it was read. */
function checksum(state: unknown): string {
  return digestOf(new TextEncoder().encode(JSON.stringify(state)));
}
