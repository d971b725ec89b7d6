/**
 * The one signing key this node believes: pinned at the first state it sees, kept in `control-key.json`.
 *
 * Invariant: once pinned, a state signed with another key is refused until an operator removes the file; a file that cannot be read
 * refuses everything, because a damaged pin must not turn into a new first contact.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { isMissing, writeAtomically } from "../artifacts/write-atomically.ts";

export type PinResult =
  | { readonly kind: "accepted" }
  /** The state must not be used; `message` is for the operator. */
  | { readonly kind: "refused"; readonly message: string };

type PinRead =
  { readonly kind: "found"; readonly publicKey: string } | { readonly kind: "missing" } | { readonly kind: "damaged" };

export class PinnedKey {
  readonly #file: string;
  #pinned: string | null = null;

  constructor(folder: string) {
    this.#file = path.join(folder, "control-key.json");
  }

  /** Whether `publicKey` is the pinned one; pins it when there is none. Throws when the pin cannot be written. */
  async accept(publicKey: string): Promise<PinResult> {
    const read: PinRead = this.#pinned === null ? await this.#read() : { kind: "found", publicKey: this.#pinned };
    if (read.kind === "damaged") return this.#refuse("the pinned key of the control plane cannot be read");
    if (read.kind === "missing") {
      await writeAtomically({ file: this.#file, tag: "new", bytes: JSON.stringify({ format: 1, publicKey }) });
      this.#pinned = publicKey;
      return { kind: "accepted" };
    }
    this.#pinned = read.publicKey;
    if (read.publicKey === publicKey) return { kind: "accepted" };
    return this.#refuse(`the control plane signs with key ${publicKey}, but this node pinned ${read.publicKey}`);
  }

  #refuse(reason: string): PinResult {
    return {
      kind: "refused",
      message: `${reason}: if the control plane was replaced on purpose, remove ${this.#file}`,
    };
  }

  async #read(): Promise<PinRead> {
    let text: string;
    try {
      text = await readFile(this.#file, "utf8");
    } catch (error) {
      return { kind: isMissing(error) ? "missing" : "damaged" };
    }
    try {
      const content: unknown = JSON.parse(text);
      if (typeof content === "object" && content !== null && "publicKey" in content) {
        const { publicKey } = content;
        if (typeof publicKey === "string" && publicKey.length === 43) return { kind: "found", publicKey };
      }
    } catch {
      // Not JSON: damaged like any other wrong content.
    }
    return { kind: "damaged" };
  }
}
