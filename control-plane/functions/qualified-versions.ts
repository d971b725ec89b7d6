/**
 * Which version a function's qualifier names and whether it may run: looked up once for every revision, since each invocation asks.
 *
 * Invariant: an answer is never older than the newest revision that this control plane knows of, and nodes learn of a revision no sooner.
 */
import type { Store, VersionRow } from "../store.ts";
import { requireFunction, requireQualified } from "./require-row.ts";

export interface QualifiedVersion {
  readonly version: VersionRow;
  readonly enabled: boolean;
}

export interface QualifiedVersionsOptions {
  readonly store: Pick<Store, "read">;
  /** What `versions`, `aliases` and `enabled` are at changes with it. */
  readonly newestRevision: () => number;
}

/** Qualifiers remembered. */
const keptMax = 1_000;

export class QualifiedVersions {
  readonly #options: QualifiedVersionsOptions;
  #revision = -1;
  #found = new Map<string, Promise<QualifiedVersion>>();

  constructor(options: QualifiedVersionsOptions) {
    this.#options = options;
  }

  /** `latest`, a version's or an alias's name. @throws ControlError NOT_FOUND. */
  get(functionName: string, qualifier: string): Promise<QualifiedVersion> {
    const revision = this.#options.newestRevision();
    if (revision !== this.#revision || this.#found.size >= keptMax) {
      this.#revision = revision;
      this.#found = new Map();
    }
    const key = JSON.stringify([functionName, qualifier]);
    return this.#found.get(key) ?? this.#look(key, { functionName, qualifier });
  }

  #look(key: string, name: { readonly functionName: string; readonly qualifier: string }): Promise<QualifiedVersion> {
    const found = this.#found;
    const looking = this.#options.store.read(async (view) => ({
      enabled: (await requireFunction(view, name.functionName)).enabled,
      version: await requireQualified(view, name),
    }));
    found.set(key, looking);
    // What is missing may be there without a new revision: a function is created without one.
    looking.catch(() => found.delete(key));
    return looking;
  }
}
